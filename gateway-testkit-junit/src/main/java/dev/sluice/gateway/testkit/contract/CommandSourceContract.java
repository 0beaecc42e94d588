package dev.sluice.gateway.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.CommandOutcome;
import dev.sluice.gateway.netty.CommandOutcomes;
import dev.sluice.gateway.netty.CommandSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link CommandSource} has to do: deliver the commands of a shard in their order, keep
 * a bounded number of them in flight, and go on whatever becomes of one. Commands may be delivered
 * more than once, as after a failure.
 */
public abstract class CommandSourceContract {

  private final Sink sink = new Sink();
  private boolean started;

  /** For the classes of implementations. */
  protected CommandSourceContract() {}

  /** {@return the source that is tested; always the same in a test, that starts it} */
  protected abstract CommandSource source();

  /**
   * Gives the source a command to deliver, as another process does.
   *
   * @param shard one of {@link #shards()}
   * @param command the command
   * @throws Exception if that fails; the test fails
   */
  protected abstract void put(ShardId shard, GatewayCommand command) throws Exception;

  /** {@return how many commands of one shard the source has in flight at most} */
  protected abstract int maxInFlight();

  /** {@return two shards that commands are for} */
  protected List<ShardId> shards() {
    return List.of(new ShardId(0, 2), new ShardId(1, 2));
  }

  private void start() {
    started = true;
    source().start(sink);
  }

  /**
   * Closes what the class of the implementation opened, after the test and after what it is tested
   * with was stopped. By default nothing.
   *
   * @throws Exception if that fails; the test fails
   */
  protected void close() throws Exception {}

  @AfterEach
  void stop() throws Exception {
    if (started) {
      source().stop();
    }
    close();
  }

  private void put(int shard, int from, int to) throws Exception {
    for (int number = from; number < to; number++) {
      put(
          shards().get(shard),
          new RequestGuildMembers(1L << 22, "", 0, false, List.of(), Integer.toString(number)));
    }
  }

  @Test
  void deliversTheCommandsOfAShardInTheirOrder() throws Exception {
    start();
    for (int number = 0; number < 10; number++) {
      put(0, number, number + 1);
      put(1, number, number + 1);
    }

    sink.awaitDelivered(0, 10);
    sink.awaitDelivered(1, 10);
  }

  @Test
  void keepsABoundedNumberInFlight() throws Exception {
    sink.outcome = number -> new CompletableFuture<>();
    int commands = 3 * maxInFlight();
    start();
    put(0, 0, commands);

    for (int number = 0; number < commands; number++) {
      sink.awaitDelivered(0, number + 1);
      sink.complete(number);
    }
    assertTrue(
        sink.mostInFlight() <= maxInFlight(),
        () -> sink.mostInFlight() + " in flight (expected: <= " + maxInFlight() + ')');
  }

  @Test
  void goesOnWhateverBecomesOfACommand() throws Exception {
    CommandOutcome[] outcomes = CommandOutcome.values();
    int commands = outcomes.length + 3;
    sink.outcome =
        number -> {
          if (number < outcomes.length) {
            return CompletableFuture.completedFuture(outcomes[number]);
          } else if (number == outcomes.length) {
            return CompletableFuture.failedFuture(new IllegalStateException("refused"));
          } else if (number == outcomes.length + 1) {
            throw new IllegalArgumentException("no command for this shard");
          }
          return CompletableFuture.completedFuture(CommandOutcome.SENT);
        };
    start();

    put(0, 0, commands);

    sink.awaitDelivered(0, commands);
  }

  @Test
  void stopsWhileCommandsAreInFlight() throws Exception {
    sink.outcome = number -> new CompletableFuture<>();
    start();
    put(0, 0, 1);
    sink.awaitDelivered(0, 1);

    source().stop();
    started = false;

    sink.complete(0);
  }

  /** Stands for a manager; shard 0 answers as the test says. */
  private final class Sink implements CommandSource.Sink {

    private final List<List<Integer>> delivered = List.of(new ArrayList<>(), new ArrayList<>());
    private final List<CompletableFuture<CommandOutcome>> inFlight = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private int open;
    private int most;

    private volatile IntFunction<CompletableFuture<CommandOutcome>> outcome =
        number -> CompletableFuture.completedFuture(CommandOutcome.SENT);

    @Override
    public CompletionStage<CommandOutcome> send(ShardId shard, GatewayCommand command) {
      int index = shards().indexOf(shard);
      CompletableFuture<CommandOutcome> done;
      synchronized (this) {
        int number = number(command);
        if (index < 0 || number < 0) {
          problems.add("for " + shard + ": " + command);
          notifyAll();
          return CompletableFuture.completedStage(CommandOutcome.NOT_HERE);
        }
        List<Integer> numbers = delivered.get(index);
        boolean again = numbers.contains(number);
        if (!again) {
          numbers.add(number);
        }
        notifyAll();
        done = outcome.apply(number);
        if (index == 0 && !again) {
          inFlight.add(done);
        }
        open++;
        most = Math.max(most, open);
      }
      return done.whenComplete((sent, failure) -> closed());
    }

    private synchronized void closed() {
      open--;
    }

    private static int number(GatewayCommand command) {
      if (command instanceof RequestGuildMembers request && request.nonce() != null) {
        return Integer.parseInt(request.nonce());
      } else if (command instanceof Raw raw) {
        return raw.data().path("nonce").asInt(-1);
      }
      return -1;
    }

    void complete(int number) {
      CompletableFuture<CommandOutcome> done;
      synchronized (this) {
        done = inFlight.get(number);
      }
      done.complete(CommandOutcome.SENT);
    }

    synchronized int mostInFlight() {
      return most;
    }

    synchronized void awaitDelivered(int shard, int count) throws InterruptedException {
      List<Integer> numbers = delivered.get(shard);
      Waits.await(
          this,
          () -> numbers.size() >= count || !problems.isEmpty(),
          () -> numbers.size() + " commands of " + count);
      assertEquals(List.of(), problems);
      assertEquals(IntStream.range(0, numbers.size()).boxed().toList(), numbers);
    }

    @Override
    public CompletionStage<CommandOutcome> send(GatewayCommand command) {
      return other(command);
    }

    @Override
    public CompletionStage<CommandOutcome> send(long guildId, GatewayCommand command) {
      return other(command);
    }

    @Override
    public synchronized CompletionStage<CommandOutcomes> updatePresence(Presence presence) {
      problems.add("for all shards: " + presence);
      notifyAll();
      return CompletableFuture.failedStage(new IllegalStateException("for all shards"));
    }

    private synchronized CompletionStage<CommandOutcome> other(GatewayCommand command) {
      problems.add("for a guild, not for the shard: " + command);
      notifyAll();
      return CompletableFuture.completedStage(CommandOutcome.NOT_HERE);
    }
  }
}
