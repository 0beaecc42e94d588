package dev.sluice.gateway.netty;

import dev.sluice.gateway.EventType;
import java.time.Duration;
import java.util.Map;

/**
 * How a change of the shard count went. Immutable.
 *
 * @param oldCount the number of shards before
 * @param newCount the number of shards now
 * @param duration from the call to the end of the old shards
 * @param matchedEvents how many events both generations brought and the application got once
 * @param undecidedEvents events that only one generation brought within the window, by type: each
 *     was delivered, perhaps twice; types without any are absent
 * @param forcedGuilds guilds that brought nothing but repeats for so long that they had to be cut
 *     over without a point that both generations had passed
 */
public record ReshardResult(
    int oldCount,
    int newCount,
    Duration duration,
    long matchedEvents,
    Map<EventType, Long> undecidedEvents,
    long forcedGuilds) {

  /**
   * Copies the map.
   *
   * @param oldCount the number of shards before
   * @param newCount the number of shards now
   * @param duration from the call to the end of the old shards
   * @param matchedEvents how many events both generations brought and the application got once
   * @param undecidedEvents events that only one generation brought within the window, by type: each
   *     was delivered, perhaps twice; types without any are absent
   * @param forcedGuilds guilds that brought nothing but repeats for so long that they had to be cut
   *     over without a point that both generations had passed
   */
  public ReshardResult {
    undecidedEvents = Map.copyOf(undecidedEvents);
  }
}
