package dev.sluice.gateway;

import dev.sluice.gateway.internal.ChunkHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Which answer to which request a GUILD_MEMBERS_CHUNK is. The members themselves, hundreds of kB of
 * them, are not parsed for it.
 *
 * @param nonce that of the request; null if it had none, or one that the gateway refused
 * @param index which of the chunks this is, from 0, below {@code count}
 * @param count how many chunks answer the request, at least 1
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway-events#guild-members-chunk">Guild
 *     Members Chunk</a>
 */
public record GuildMembersChunk(@Nullable String nonce, int index, int count) {

  /**
   * Reads what a chunk says of itself.
   *
   * @param dispatch a {@link EventType#GUILD_MEMBERS_CHUNK}, borrowed or a copy
   * @return what it says
   * @throws IOException if its {@code d} is no whole object, or {@code chunk_index} or {@code
   *     chunk_count} is missing or out of range
   * @throws IllegalArgumentException if it is another event
   */
  public static GuildMembersChunk of(Dispatch dispatch) throws IOException {
    if (dispatch.type() != EventType.GUILD_MEMBERS_CHUNK) {
      throw new IllegalArgumentException(
          "event: " + dispatch.name() + " (expected: GUILD_MEMBERS_CHUNK)");
    }
    ByteBuffer data = dispatch.data();
    ChunkHead head = new ChunkHead();
    if (!head.read(dispatch.encoding(), data, data.position(), data.limit())) {
      throw new IOException("GUILD_MEMBERS_CHUNK: no whole object");
    }
    if (head.count() < 1 || head.count() > Integer.MAX_VALUE) {
      throw new IOException("chunk_count: " + head.count() + " (expected: an int from 1)");
    }
    if (head.index() < 0 || head.index() >= head.count()) {
      throw new IOException(
          "chunk_index: " + head.index() + " (expected: 0.." + (head.count() - 1) + ')');
    }
    return new GuildMembersChunk(head.nonce(), (int) head.index(), (int) head.count());
  }
}
