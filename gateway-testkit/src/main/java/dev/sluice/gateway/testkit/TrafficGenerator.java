package dev.sluice.gateway.testkit;

import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Makes up dispatch events that look like Discord's: their shapes, sizes and key order, with fresh
 * ids, times and text. The same arguments and the same calls give the same events, byte for byte;
 * time is virtual and moves one millisecond an event.
 *
 * <p>Every event is written over the one before and allocates nothing. {@link #type}, {@link
 * #guildId} and {@link #data} tell what the last one is. Not thread-safe; confine to one thread.
 */
public final class TrafficGenerator {

  private static final int LARGE_GUILD_MEMBERS = 1_100;
  private static final int LARGE_CHUNK_MEMBERS = 1_000;

  /** The bot that the templates name, which is also that of the server role's default. */
  private static final long DEFAULT_BOT_ID = 849_437_156_969_951_983L;

  private static final int USERS = 2_048;
  private static final int MEMBERS_PER_GUILD = 250;
  private static final int MEMBER_STRIDE = 7;
  private static final int RECENT_MESSAGES = 64;
  private static final long FIRST_MILLIS = 1_785_436_927_318L; // 2026-07-30T18:42:07.318Z
  private static final int HOUR_MILLIS = 3_600_000;
  private static final long DISCORD_EPOCH_MILLIS = 1_420_070_400_000L;
  private static final int MAX_IDS_PER_MILLI = 1 << 12;

  private final SplittableRandom random;
  private final int guildsPerShard;
  private final int largeEventEvery;
  private final JsonBuffer out = new JsonBuffer();
  private final SyntheticUser[] users = new SyntheticUser[USERS];
  private final SyntheticUser bot;
  private final long[] recentMessages = new long[RECENT_MESSAGES];

  private final Template[] mix;
  private final int[] mixBounds;
  private final Template smallGuild;
  private final Template largeGuild;
  private final Template membersChunk;
  private final Template[] presences;
  private final Map<String, Template> shapes = new HashMap<>();

  private long nowMillis = FIRST_MILLIS;
  private int idsThisMilli;
  private int newestMessage;
  private int untilLargeEvent;
  private boolean chunkIsNext;

  private String type = "";
  private long guildId;
  private double channel; // 0 to below 1 of those of a kind
  private SyntheticUser user;
  private SyntheticUser other;
  private List<SyntheticUser> members = List.of();

  private TrafficGenerator(
      TrafficMix mix, int guildsPerShard, int largeEventEvery, long seed, long botId) {
    Objects.requireNonNull(mix, "mix");
    if (guildsPerShard < 1 || guildsPerShard > SyntheticGuild.MAX_PER_SHARD) {
      throw new IllegalArgumentException(
          "guildsPerShard: "
              + guildsPerShard
              + " (expected: 1.."
              + SyntheticGuild.MAX_PER_SHARD
              + ')');
    }
    if (largeEventEvery < 0) {
      throw new IllegalArgumentException(
          "largeEventEvery: " + largeEventEvery + " (expected: >= 0)");
    }
    random = new SplittableRandom(seed);
    this.guildsPerShard = guildsPerShard;
    this.largeEventEvery = largeEventEvery;
    untilLargeEvent = largeEventEvery;

    List<Template> templates = Template.load();
    List<Template> drawn = new ArrayList<>();
    List<Integer> bounds = new ArrayList<>();
    int bound = 0;
    for (Map.Entry<String, Integer> share : mix.shares().entrySet()) {
      Template[] shapes = ofType(templates, share.getKey());
      int weights = Arrays.stream(shapes).mapToInt(Template::weight).sum();
      for (Template shape : shapes) {
        bound += share.getValue() * WEIGHT_SCALE * shape.weight() / weights;
        drawn.add(shape);
        bounds.add(bound);
      }
    }
    this.mix = drawn.toArray(Template[]::new);
    mixBounds = bounds.stream().mapToInt(Integer::intValue).toArray();
    Template[] guilds = ofType(templates, "GUILD_CREATE");
    smallGuild = guilds[0];
    largeGuild = guilds[1];
    membersChunk = ofType(templates, "GUILD_MEMBERS_CHUNK")[0];
    presences = ofType(templates, "PRESENCE");
    templates.forEach(template -> shapes.putIfAbsent(template.type(), template));
    shapes.remove("PRESENCE"); // which is a part of events

    for (int i = 0; i < USERS; i++) {
      users[i] = new SyntheticUser(randomUserId(), random, out);
    }
    bot = new SyntheticUser(botId, true, random, out);
    user = users[0];
    other = users[1];
    Arrays.setAll(recentMessages, i -> nextId());
  }

  private static final int WEIGHT_SCALE = 100;

  /**
   * Makes a generator.
   *
   * @param mix which events, and how often each
   * @param guildsPerShard how many guilds the events of a shard belong to, 1 to 2500; the first are
   *     the busiest
   * @param largeEventEvery every how many events {@link #next} yields a large one, in turn a {@link
   *     #largeGuildCreate} and a {@link #largeMembersChunk}; 0 for never
   * @param seed any number
   * @return the generator
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static TrafficGenerator create(
      TrafficMix mix, int guildsPerShard, int largeEventEvery, long seed) {
    return create(mix, guildsPerShard, largeEventEvery, seed, DEFAULT_BOT_ID);
  }

  /** {@return a generator for the bot of this id, which is a member of every guild} */
  static TrafficGenerator create(
      TrafficMix mix, int guildsPerShard, int largeEventEvery, long seed, long botId) {
    return new TrafficGenerator(mix, guildsPerShard, largeEventEvery, seed, botId);
  }

  /**
   * Makes the next event of the mix.
   *
   * @param shard the shard whose guilds it may come from
   * @return its type
   */
  public String next(ShardId shard) {
    if (largeEventEvery > 0 && --untilLargeEvent <= 0) {
      untilLargeEvent = largeEventEvery;
      chunkIsNext = !chunkIsNext;
      return chunkIsNext ? largeGuildCreate(shard) : largeMembersChunk(shard);
    }
    int drawn = random.nextInt(mixBounds[mixBounds.length - 1]);
    int index = Arrays.binarySearch(mixBounds, drawn + 1);
    return write(mix[index < 0 ? -index - 1 : index], busyGuild(shard));
  }

  /**
   * Makes the GUILD_CREATE of a small guild, about 10 kB. The bot is one of its members.
   *
   * @param guildId the id of the guild
   * @return its type
   */
  public String guildCreate(long guildId) {
    members = List.of(bot, anyone(), anyone(), anyone());
    return write(smallGuild, guildId);
  }

  /**
   * Makes the GUILD_CREATE of a guild of 1100 listed members, the bot among them, at least 500 kB.
   *
   * @param shard the shard whose guild it is
   * @return its type
   */
  public String largeGuildCreate(ShardId shard) {
    members = freshMembers(LARGE_GUILD_MEMBERS - 1);
    members.add(bot);
    return write(largeGuild, busyGuild(shard));
  }

  /**
   * Makes a GUILD_MEMBERS_CHUNK of 1000 members with their presences, at least 1 MiB.
   *
   * @param shard the shard whose guild it is
   * @return its type
   */
  public String largeMembersChunk(ShardId shard) {
    members = freshMembers(LARGE_CHUNK_MEMBERS);
    return write(membersChunk, busyGuild(shard));
  }

  /**
   * Makes an event of one type, of the kinds that the mixes have. An INTERACTION_CREATE is that of
   * a slash command; a GUILD_CREATE and a GUILD_MEMBERS_CHUNK have four members, the bot among
   * them.
   *
   * @param eventType the name of the event
   * @param guildId the id of the guild that it belongs to
   * @return whether there is a shape for events of this type; if not, the last event stays
   */
  public boolean event(String eventType, long guildId) {
    Template shape = shapes.get(eventType);
    if (shape == null) {
      return false;
    }
    members = List.of(bot, anyone(), anyone(), anyone());
    write(shape, guildId);
    return true;
  }

  /** {@return the type of the last event, empty before the first} */
  public String type() {
    return type;
  }

  /** {@return the guild of the last event, 0 before the first} */
  public long guildId() {
    return guildId;
  }

  /**
   * {@return the {@code d} of the last event, UTF-8 JSON between position and limit} Read-only and
   * borrowed: valid until the next event is made.
   */
  public ByteBuffer data() {
    return out.view();
  }

  private long busyGuild(ShardId shard) {
    double skew = random.nextDouble();
    return SyntheticGuild.id(shard, (int) (skew * skew * guildsPerShard));
  }

  private String write(Template template, long guild) {
    nowMillis++;
    idsThisMilli = 0;
    type = template.type();
    guildId = guild;
    channel = anyChannel();
    user = busyMember();
    other = busyMember();
    out.clear();
    fill(template);
    return type;
  }

  private void fill(Template template) {
    int slots = template.slotCount();
    for (int i = 0; i < slots; i++) {
      out.write(template.literal(i));
      fill(template.slot(i), template.argument(i));
    }
    out.write(template.literal(slots));
  }

  private void fill(Slot slot, int argument) {
    switch (slot) {
      case GUILD -> out.writeDecimal(guildId);
      case CHANNEL ->
          out.writeDecimal(
              SyntheticGuild.channelId(
                  guildId,
                  argument == Template.NO_ARGUMENT
                      ? SyntheticGuild.textChannel(channel)
                      : argument));
      case CHANNEL_VOICE ->
          out.writeDecimal(SyntheticGuild.channelId(guildId, SyntheticGuild.voiceChannel(channel)));
      case ROLE ->
          out.writeDecimal(
              SyntheticGuild.roleId(
                  guildId,
                  argument == Template.NO_ARGUMENT
                      ? random.nextInt(SyntheticGuild.ROLES)
                      : argument));
      case ID -> out.writeDecimal(nextId());
      case MESSAGE_NEW -> {
        newestMessage = (newestMessage + 1) % RECENT_MESSAGES;
        recentMessages[newestMessage] = nextId();
        out.writeDecimal(recentMessages[newestMessage]);
      }
      case MESSAGE -> out.writeDecimal(recentMessages[random.nextInt(RECENT_MESSAGES)]);
      case USER -> user.writeUser(out);
      case USER_ID -> user.writeId(out);
      case USER_MEMBER -> user.writeMemberKeys(out, guildId);
      case USER_ROLES -> user.writeRoles(out, guildId);
      case USER_JOINED -> user.writeJoined(out);
      case USER_NICK -> user.writeNick(out);
      case OTHER -> other.writeUser(out);
      case OTHER_ID -> other.writeId(out);
      case OTHER_MENTION -> other.writeMentionKeys(out, guildId);
      case OTHER_ROLES -> other.writeRoles(out, guildId);
      case OTHER_JOINED -> other.writeJoined(out);
      case OTHER_NICK -> other.writeNick(out);
      case ANYONE -> anyone().writeId(out);
      case TIMESTAMP -> out.writeIsoTime(nowMillis);
      case EARLIER -> out.writeIsoTime(earlierMillis());
      case MILLIS -> out.writeDecimal(nowMillis);
      case MILLIS_EARLIER -> out.writeDecimal(earlierMillis());
      case SECONDS -> out.writeDecimal(nowMillis / 1000);
      case TEXT -> Vocabulary.writeWords(out, random, random.nextInt(3, 23));
      case PHRASE -> Vocabulary.writeWords(out, random, random.nextInt(2, 5));
      case TITLE -> Vocabulary.writeWords(out, random, 2);
      case WORD -> Vocabulary.writeWords(out, random, 1);
      case EMOJI -> Vocabulary.writeEmoji(out, random);
      case STATUS -> Vocabulary.writeStatus(out, random);
      case HEX -> out.writeHex(random, argument);
      case BASE62 -> out.writeBase62(random, argument);
      case INT -> out.writeDecimal(random.nextInt(argument));
      case MEMBERS -> writeMembers();
      case MEMBERS_COUNT -> out.writeDecimal(members.size());
      case PRESENCES -> writePresences();
    }
  }

  private void writeMembers() {
    for (int i = 0; i < members.size(); i++) {
      if (i > 0) {
        out.write(',');
      }
      out.write(BEFORE_USER);
      members.get(i).writeUser(out);
      out.write(',');
      members.get(i).writeMemberKeys(out, guildId);
      out.write('}');
    }
  }

  private static final byte[] BEFORE_USER = "{\"user\":".getBytes(StandardCharsets.US_ASCII);

  private void writePresences() {
    for (int i = 0; i < members.size(); i++) {
      if (i > 0) {
        out.write(',');
      }
      user = members.get(i);
      fill(presences[i % presences.length]);
    }
  }

  private List<SyntheticUser> freshMembers(int count) {
    List<SyntheticUser> fresh = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      fresh.add(new SyntheticUser(randomUserId(), random, out));
    }
    return fresh;
  }

  /** A member of the guild; few of them cause most of its events. */
  private SyntheticUser busyMember() {
    double skew = random.nextDouble();
    int member = (int) (skew * skew * skew * MEMBERS_PER_GUILD);
    return users[(int) (((guildId >>> 22) + (long) member * MEMBER_STRIDE) % USERS)];
  }

  private SyntheticUser anyone() {
    return users[random.nextInt(USERS)];
  }

  private double anyChannel() {
    double skew = random.nextDouble();
    return skew * skew;
  }

  private long earlierMillis() {
    return nowMillis - random.nextInt(HOUR_MILLIS);
  }

  private long nextId() {
    if (idsThisMilli == MAX_IDS_PER_MILLI) {
      nowMillis++;
      idsThisMilli = 0;
    }
    return (nowMillis - DISCORD_EPOCH_MILLIS) << 22
        | (long) random.nextInt(1 << 10) << 12
        | idsThisMilli++;
  }

  /** Users made their accounts over the years, so that the ids have every high digit. */
  private long randomUserId() {
    long millis = random.nextLong(nowMillis - DISCORD_EPOCH_MILLIS - HOUR_MILLIS);
    return millis << 22 | random.nextInt(1 << 22);
  }

  private static Template[] ofType(List<Template> templates, String type) {
    Template[] shapes =
        templates.stream()
            .filter(template -> template.type().equals(type))
            .toArray(Template[]::new);
    if (shapes.length == 0) {
      throw new IllegalStateException("template: none (expected: one of " + type + ')');
    }
    return shapes;
  }
}
