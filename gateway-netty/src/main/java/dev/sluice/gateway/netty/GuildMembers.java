package dev.sluice.gateway.netty;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The whole answer to one request for guild members. It keeps the chunks as they came, some 400
 * bytes a member, and parses them anew with each call, on the thread of the caller: parsed, the
 * members of a large guild take many times as much.
 *
 * <p>Immutable. Thread-safe.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway-events#guild-members-chunk">Guild
 *     Members Chunk</a>
 */
public final class GuildMembers {

  private final long guildId;
  private final List<Dispatch> chunks;

  GuildMembers(long guildId, List<Dispatch> chunks) {
    this.guildId = guildId;
    this.chunks = chunks;
  }

  /** {@return the guild, an unsigned snowflake} */
  public long guildId() {
    return guildId;
  }

  /** {@return the GUILD_MEMBERS_CHUNK events by their index, unmodifiable} */
  public List<Dispatch> chunks() {
    return chunks;
  }

  /**
   * {@return the members of all chunks}
   *
   * @throws IOException if a chunk is not valid
   */
  public List<JsonNode> members() throws IOException {
    List<JsonNode> members = new ArrayList<>();
    forEachMember(members::add);
    return members;
  }

  /**
   * Gives each member to an action, with no more than one chunk parsed at a time.
   *
   * @param action is given each member
   * @throws IOException if a chunk is not valid; the members before it were given
   */
  public void forEachMember(Consumer<? super JsonNode> action) throws IOException {
    for (Dispatch chunk : chunks) {
      chunk.readTree().path("members").forEach(action);
    }
  }

  /**
   * {@return the presences of all chunks; none unless the request asked for them}
   *
   * @throws IOException if a chunk is not valid
   */
  public List<JsonNode> presences() throws IOException {
    List<JsonNode> presences = new ArrayList<>();
    for (Dispatch chunk : chunks) {
      chunk.readTree().path("presences").forEach(presences::add);
    }
    return presences;
  }

  /**
   * {@return the ids that were asked for and are of no member, each once, unsigned}
   *
   * @throws IOException if a chunk is not valid
   */
  public List<Long> notFound() throws IOException {
    Set<Long> ids = new LinkedHashSet<>();
    for (Dispatch chunk : chunks) {
      for (JsonNode id : chunk.readTree().path("not_found")) {
        try {
          ids.add(Long.parseUnsignedLong(id.asText()));
        } catch (NumberFormatException e) {
          throw new IOException("not_found: " + id + " (expected: a snowflake)", e);
        }
      }
    }
    return List.copyOf(ids);
  }

  /** {@return the guild and the number of chunks} */
  @Override
  public String toString() {
    return "GuildMembers["
        + Long.toUnsignedString(guildId)
        + " in "
        + chunks.size()
        + (chunks.size() == 1 ? " chunk]" : " chunks]");
  }
}
