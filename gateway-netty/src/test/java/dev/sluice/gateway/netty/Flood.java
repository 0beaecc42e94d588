package dev.sluice.gateway.netty;

import dev.sluice.gateway.testkit.LocalGateway;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Repeats to the letter, events without an id, and large ones whose members come in one order or
 * another, and in another on each session; now and then a whole burst, and one that there is only
 * once.
 */
final class Flood implements AutoCloseable {

  private final LocalGateway gateway;
  private final SplittableRandom random = new SplittableRandom(7);
  private final long[] guilds;
  private final Map<Long, List<String>> sent;
  private final AtomicBoolean ends = new AtomicBoolean();
  private final Thread thread;
  private long count;

  Flood(LocalGateway gateway, long[] guilds, Map<Long, List<String>> sent) {
    this.gateway = gateway;
    this.guilds = guilds;
    this.sent = sent;
    this.thread = new Thread(this::run, "flood");
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!ends.get()) {
      List<CompletableFuture<Integer>> burst = new ArrayList<>();
      for (int i = random.nextInt(1, 60); i > 0; i--) {
        burst.add(one());
      }
      CompletableFuture.allOf(burst.toArray(CompletableFuture<?>[]::new)).join();
      gateway.stats().join(); // its loop has turned
    }
  }

  private CompletableFuture<Integer> one() {
    long guild = guilds[(int) (Math.pow(random.nextDouble(), 2) * guilds.length)];
    List<String> events = sent.computeIfAbsent(guild, unseen -> new ArrayList<>());
    String id = "\"guild_id\":\"" + Long.toUnsignedString(guild) + "\"";
    count++;
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3 -> {
        events.add("TYPING_START");
        return gateway.dispatchToGuild(
            guild, "TYPING_START", bytes("{" + id + ",\"user_id\":\"1\",\"timestamp\":1}"));
      }
      case 4, 5, 6 -> {
        int n = random.nextInt(3);
        events.add("PRESENCE_UPDATE" + n);
        return inSomeOrder(
            guild,
            "PRESENCE_UPDATE",
            bytes("{" + id + ",\"n\":" + n + ",\"user\":{\"id\":\"1\"}}"),
            bytes("{\"user\":{\"id\":\"1\"},\"n\":" + n + "," + id + "}"));
      }
      default -> {
        boolean unique = random.nextInt(3) == 0;
        String content = unique ? "only " + count : "again";
        String large = "\"embeds\":[" + "{\"a\":1,\"b\":[true,null]},".repeat(40) + "{}]";
        events.add("MESSAGE_UPDATE" + content);
        return inSomeOrder(
            guild,
            "MESSAGE_UPDATE",
            bytes("{" + id + ",\"content\":\"" + content + "\"," + large + "}"),
            bytes("{" + large + ",\"content\":\"" + content + "\"," + id + "}"));
      }
    }
  }

  private CompletableFuture<Integer> inSomeOrder(long guild, String type, byte[] a, byte[] b) {
    return random.nextBoolean()
        ? gateway.dispatchToGuild(guild, type, a, b)
        : gateway.dispatchToGuild(guild, type, b, a);
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    ends.set(true);
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
