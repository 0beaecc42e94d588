package dev.sluice.gateway;

/** What a driver knows of an event beyond its bytes. See {@link Dispatch#mark()}. */
public enum DispatchMark {
  /** Nothing; every event begins so. */
  NONE,
  /** GUILD_CREATE of a guild that the session began with: it was loaded, not joined. */
  GUILD_LOADED,
  /** GUILD_CREATE of a guild that was unavailable for a while. */
  GUILD_AVAILABLE,
  /** GUILD_CREATE of a guild that the bot was added to. */
  GUILD_JOINED,
  /** READY or GUILD_CREATE that only repeats, to another number of shards, what was known. */
  RESHARD
}
