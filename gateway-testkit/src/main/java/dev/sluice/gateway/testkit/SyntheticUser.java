package dev.sluice.gateway.testkit;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * Somebody who is in guilds and causes events: the parts of the user and member objects that stay,
 * as bytes. Immutable.
 */
final class SyntheticUser {

  private static final byte[] AFTER_ROLES =
      ascii("],\"premium_since\":null,\"pending\":false,\"nick\":");
  private static final byte[] BEFORE_JOINED = ascii(",\"mute\":false,\"joined_at\":\"");
  private static final byte[] AFTER_JOINED =
      ascii(
          "\",\"flags\":0,\"deaf\":false,\"communication_disabled_until\":null,\"banner\":null,"
              + "\"avatar\":null");
  private static final byte[] ROLES = ascii("\"roles\":[");
  private static final byte[] MEMBER = ascii("\"member\":{");
  private static final byte[] END_MEMBER = ascii("},");
  private static final long FIRST_JOIN_MILLIS = 1_546_300_800_000L; // 2019
  private static final long JOIN_SPAN_MILLIS = 230_000_000_000L;
  private static final int MAX_ROLES = 4;

  private final byte[] id;
  private final byte[] head;
  private final byte[] tail;
  private final byte[] nick;
  private final byte[] joined;
  private final byte[] roles;

  /** A person of this id and made-up traits. Writes into {@code scratch}. */
  SyntheticUser(long id, SplittableRandom random, JsonBuffer scratch) {
    this(id, false, random, scratch);
  }

  /** A person or a bot of this id and made-up traits. Writes into {@code scratch}. */
  SyntheticUser(long id, boolean bot, SplittableRandom random, JsonBuffer scratch) {
    this.id = ascii(Long.toString(id));

    scratch.clear();
    Vocabulary.writeName(scratch, random);
    String name = new String(scratch.toByteArray(), StandardCharsets.US_ASCII);
    head = ascii("\"username\":\"" + name + "\",\"public_flags\":0,\"primary_guild\":null,");

    scratch.clear();
    scratch.write(ascii("\"id\":\"" + id + "\",\"global_name\":"));
    scratch.write(
        random.nextBoolean() ? ascii("null") : ascii('"' + name + " of the Undercroft\""));
    scratch.write(
        ascii(
            ",\"display_name_styles\":null,\"discriminator\":\"0\",\"collectibles\":null,"
                + "\"clan\":null,"
                + (bot ? "\"bot\":true," : "")
                + "\"avatar_decoration_data\":null,\"avatar\":\""));
    scratch.writeHex(random, 32);
    scratch.write('"');
    tail = scratch.toByteArray();

    scratch.clear();
    scratch.write('"');
    Vocabulary.writeWords(scratch, random, 2);
    scratch.write('"');
    nick = random.nextInt(3) == 0 ? scratch.toByteArray() : ascii("null");

    scratch.clear();
    scratch.writeIsoTime(FIRST_JOIN_MILLIS + random.nextLong(JOIN_SPAN_MILLIS));
    joined = scratch.toByteArray();

    roles = new byte[random.nextInt(MAX_ROLES + 1)];
    for (int i = 0; i < roles.length; i++) {
      roles[i] = (byte) random.nextInt(SyntheticGuild.ROLES);
    }
  }

  void writeId(JsonBuffer out) {
    out.write(id);
  }

  void writeUser(JsonBuffer out) {
    out.write('{');
    out.write(head);
    out.write(tail);
    out.write('}');
  }

  void writeMemberKeys(JsonBuffer out, long guildId) {
    out.write(ROLES);
    writeRoles(out, guildId);
    out.write(AFTER_ROLES);
    out.write(nick);
    out.write(BEFORE_JOINED);
    out.write(joined);
    out.write(AFTER_JOINED);
  }

  void writeMentionKeys(JsonBuffer out, long guildId) {
    out.write(head);
    out.write(MEMBER);
    writeMemberKeys(out, guildId);
    out.write(END_MEMBER);
    out.write(tail);
  }

  void writeRoles(JsonBuffer out, long guildId) {
    for (int i = 0; i < roles.length; i++) {
      if (i > 0) {
        out.write(',');
      }
      out.write('"');
      out.writeDecimal(SyntheticGuild.roleId(guildId, roles[i]));
      out.write('"');
    }
  }

  void writeNick(JsonBuffer out) {
    out.write(nick);
  }

  void writeJoined(JsonBuffer out) {
    out.write(joined);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
