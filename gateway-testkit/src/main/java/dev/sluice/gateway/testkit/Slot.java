package dev.sluice.gateway.testkit;

import java.util.Locale;

/** What a place left open in a template is filled with. */
enum Slot {
  /** The id of the event's guild. */
  GUILD,
  /** A channel of the guild: the text one of the event, or with an argument that of this number. */
  CHANNEL,
  /** The voice channel of the event. */
  CHANNEL_VOICE,
  /** A role of the guild: any, or with an argument that of this number. */
  ROLE,
  /** A snowflake that was never used before. */
  ID,
  /** The id of a message that begins to exist by this event. */
  MESSAGE_NEW,
  /** The id of a message that was sent before. */
  MESSAGE,
  /** The user object of the member whom the event is about. */
  USER,
  /** The id of that member. */
  USER_ID,
  /** The keys of the member object of that member, without {@code user}. */
  USER_MEMBER,
  /** The elements of {@code roles} of that member. */
  USER_ROLES,
  /** When that member joined. */
  USER_JOINED,
  /** The nickname of that member, a string or null. */
  USER_NICK,
  /** The user object of a second member. */
  OTHER,
  /** The id of the second member. */
  OTHER_ID,
  /** The keys of an element of {@code mentions}: those of the second user, and {@code member}. */
  OTHER_MENTION,
  /** The elements of {@code roles} of the second member. */
  OTHER_ROLES,
  /** When the second member joined. */
  OTHER_JOINED,
  /** The nickname of the second member, a string or null. */
  OTHER_NICK,
  /** The id of any user. */
  ANYONE,
  /** Now, in ISO 8601. */
  TIMESTAMP,
  /** Up to an hour ago, in ISO 8601. */
  EARLIER,
  /** Now, in milliseconds since 1970. */
  MILLIS,
  /** Up to an hour ago, in milliseconds since 1970. */
  MILLIS_EARLIER,
  /** Now, in seconds since 1970. */
  SECONDS,
  /** What somebody wrote: 3 to 22 words. */
  TEXT,
  /** 2 to 4 words. */
  PHRASE,
  /** 2 words. */
  TITLE,
  /** One word. */
  WORD,
  /** A Unicode emoji. */
  EMOJI,
  /** A status other than offline. */
  STATUS,
  /** Random hexadecimal digits, as many as the argument says. */
  HEX,
  /** Random letters and digits, as many as the argument says. */
  BASE62,
  /** A random number from 0, below the argument. */
  INT,
  /** Member objects, as many as were asked for. */
  MEMBERS,
  /** How many members were asked for. */
  MEMBERS_COUNT,
  /** The presences of the members written by {@link #MEMBERS}, in the same order. */
  PRESENCES;

  /**
   * {@return the slot of a name as templates write it, in lower case with dots}
   *
   * @throws IllegalArgumentException if there is none
   */
  static Slot of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT).replace('.', '_'));
  }
}
