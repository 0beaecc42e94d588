package dev.sluice.gateway.sharding;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * What two copies of one event have in common, whichever session they came on: 64 bits of its name,
 * its guild and the content of {@code d}, in whatever order the members of objects and the elements
 * of arrays stand. Two different events share one by accident once in some 10^19 pairs.
 */
public final class Fingerprint {

  private static final long SEED = 0x9E3779B97F4A7C15L;
  private static final long OBJECT = 0xC2B2AE3D27D4EB4FL;
  private static final long ARRAY = 0x165667B19E3779F9L;
  private static final long NUMBER = 0x27D4EB2F165667C5L;
  private static final long TEXT = 0x85EBCA77C2B2AE63L;
  private static final long PRIME = 0x100000001B3L;

  private Fingerprint() {}

  /**
   * {@return the fingerprint of an event} Parses {@code d}.
   *
   * @param dispatch the event
   */
  public static long of(Dispatch dispatch) {
    long name = text(dispatch.name(), SEED);
    if (dispatch.type() == EventType.GUILD_CREATE) {
      // What a guild looks like as it is joined depends on who asks, and when.
      return mix(name ^ mix(dispatch.guildId()));
    }
    long content;
    try {
      content = of(dispatch.readTree());
    } catch (IOException e) {
      content = bytes(dispatch.data()); // no JSON, but perhaps twice the same
    }
    return mix(name + mix(dispatch.guildId()) * PRIME + content);
  }

  static long of(JsonNode node) {
    if (node.isObject()) {
      long sum = OBJECT;
      for (Map.Entry<String, JsonNode> member : node.properties()) {
        sum += mix(text(member.getKey(), SEED) ^ (of(member.getValue()) * PRIME));
      }
      return mix(sum);
    }
    if (node.isArray()) {
      long sum = ARRAY;
      for (JsonNode element : node) {
        sum += mix(of(element));
      }
      return mix(sum);
    }
    return text(node.asText(), node.isTextual() ? TEXT : NUMBER);
  }

  /** Spreads every bit over all; a bijection. */
  static long mix(long value) {
    long z = value + SEED;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private static long text(String text, long seed) {
    long hash = seed;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * PRIME;
      hash ^= hash >>> 29;
    }
    return mix(hash ^ text.length());
  }

  private static long bytes(ByteBuffer data) {
    long hash = SEED;
    while (data.hasRemaining()) {
      hash = (hash ^ data.get()) * PRIME;
      hash ^= hash >>> 29;
    }
    return mix(hash);
  }
}
