package dev.sluice.gateway.testkit;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Words that the people of the traffic write, name things and call themselves with. */
final class Vocabulary {

  private static final byte[][] WORDS =
      words(
          """
          the a and to of in is it you that for on with this not have are be was but can just what so
          like my at we if do there they your no one all out about up get when how time good from or
          know think an me now will more would then some here really why did who has want them see
          make had back need still got only where too much well been people right work first after
          anyone else same way very day over even should never something look try again thanks new
          maybe sure help yeah because those going before though always around better today tomorrow
          night water stair tunnel lantern map depth reading sketch ladder flooded drained upper lower
          east west north south bridge harbour tide heron mole otter stoat finch cedar willow ember
          quarry copper basalt granite gravel valve pump sluice gate channel message server update
          question answer photo weekend meeting minutes channel role link video stream music queue
          game round score match team player level quest boss build craft trade market price
          deploy error release branch patch config timeout retry cache queue index thread socket
          breakfast coffee lunch dinner train ticket station weather rain snow wind summer winter
          definitely apparently eventually supposedly unfortunately absolutely probably obviously
          """);
  private static final byte[][] NAMES =
      words(
          """
          thistle raven nimbus cedar ember fjord lumen quill pebble willow juniper zephyr hazel basalt
          ochre garnet yarrow kelp violet sable maple indigo copper mossy drift amber slate frost
          """);
  private static final byte[][] ANIMALS =
      words(
          """
          finch tapir ibis bison swift stoat otter heron mole newt pika toad lynx marten plover shrew
          """);
  private static final byte[][] EMOJIS = words("👀 🔥 👍 ❤️ 😂 🎉 🪶 🙏 😭 ✅ 💀 🤔 🦦 🌧️ 🗺️ 🕯️");
  private static final byte[][] STATUSES = words("online online idle dnd");

  private Vocabulary() {}

  static void writeWord(JsonBuffer out, SplittableRandom random) {
    double skew = random.nextDouble();
    // Half of all words are of the quarter that comes first.
    out.write(WORDS[(int) (skew * skew * WORDS.length)]);
  }

  static void writeWords(JsonBuffer out, SplittableRandom random, int count) {
    for (int i = 0; i < count; i++) {
      if (i > 0) {
        out.write(' ');
      }
      writeWord(out, random);
    }
  }

  static void writeName(JsonBuffer out, SplittableRandom random) {
    out.write(any(NAMES, random));
    out.write(any(ANIMALS, random));
    out.writeDecimal(random.nextInt(1000));
  }

  static void writeEmoji(JsonBuffer out, SplittableRandom random) {
    out.write(any(EMOJIS, random));
  }

  static void writeStatus(JsonBuffer out, SplittableRandom random) {
    out.write(any(STATUSES, random));
  }

  private static byte[] any(byte[][] words, SplittableRandom random) {
    return words[random.nextInt(words.length)];
  }

  private static byte[][] words(String text) {
    return Stream.of(text.strip().split("\\s+"))
        .map(word -> word.getBytes(StandardCharsets.UTF_8))
        .toArray(byte[][]::new);
  }
}
