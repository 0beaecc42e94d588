package dev.sluice.gateway.testkit;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which events a bot receives, and how often each. Discord publishes no such figures: the mixes are
 * assumptions, shaped by what the authors of large bots told, where presences are nine of ten
 * events and messages one of thirty.
 */
public enum TrafficMix {
  /** A bot with every intent: 92 % presences. */
  ALL_INTENTS(
      """
      PRESENCE_UPDATE                 9200
      MESSAGE_CREATE                   300
      TYPING_START                     160
      GUILD_MEMBER_UPDATE              100
      VOICE_STATE_UPDATE                80
      MESSAGE_REACTION_ADD              50
      MESSAGE_UPDATE                    40
      MESSAGE_DELETE                    15
      CHANNEL_UPDATE                     5
      GUILD_ROLE_UPDATE                  5
      THREAD_CREATE                      5
      MESSAGE_REACTION_REMOVE           10
      GUILD_MEMBER_ADD                   5
      GUILD_MEMBER_REMOVE                5
      GUILD_AUDIT_LOG_ENTRY_CREATE      10
      INTERACTION_CREATE                 5
      INVITE_CREATE                      2
      MESSAGE_POLL_VOTE_ADD              1
      MESSAGE_DELETE_BULK                1
      VOICE_CHANNEL_STATUS_UPDATE        1
      """),

  /**
   * A moderation bot without presences: 40 % messages, 20 % typing. Without events so new that some
   * libraries do not know them and drop them, so that what libraries cost can be compared.
   */
  NO_PRESENCES(
      """
      MESSAGE_CREATE                  4000
      TYPING_START                    2000
      GUILD_MEMBER_UPDATE             1200
      VOICE_STATE_UPDATE               900
      MESSAGE_REACTION_ADD             600
      MESSAGE_UPDATE                   500
      MESSAGE_DELETE                   200
      CHANNEL_UPDATE                    70
      GUILD_ROLE_UPDATE                 60
      THREAD_CREATE                     70
      MESSAGE_REACTION_REMOVE          120
      GUILD_MEMBER_ADD                  60
      GUILD_MEMBER_REMOVE               60
      GUILD_AUDIT_LOG_ENTRY_CREATE     100
      INTERACTION_CREATE                50
      INVITE_CREATE                      6
      MESSAGE_POLL_VOTE_ADD              2
      MESSAGE_DELETE_BULK                2
      """),

  /** A bot of slash commands, with the intents GUILDS and GUILD_VOICE_STATES only. */
  SLASH_COMMANDS(
      """
      VOICE_STATE_UPDATE              5500
      INTERACTION_CREATE              2500
      CHANNEL_UPDATE                   500
      GUILD_ROLE_UPDATE                500
      THREAD_CREATE                    500
      VOICE_CHANNEL_STATUS_UPDATE      500
      """);

  /** What the shares of a mix add up to. */
  static final int WHOLE = 10_000;

  private final String table;

  TrafficMix(String table) {
    this.table = table;
  }

  /** {@return how many of 10,000 events are of each type} */
  Map<String, Integer> shares() {
    Map<String, Integer> shares = new LinkedHashMap<>();
    for (String line : table.lines().toList()) {
      String[] share = line.split(" +", 2);
      shares.put(share[0], Integer.valueOf(share[1]));
    }
    return shares;
  }
}
