package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The answer to a request for guild members: GUILD_MEMBERS_CHUNK events of up to 1000 members.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway-events#guild-members-chunk">Guild
 *     members chunk</a>
 */
public final class MemberChunks {

  /** How many members a chunk has at most. */
  public static final int MAX_MEMBERS = 1000;

  private MemberChunks() {}

  /**
   * Answers a request with members; without any, in one empty chunk. Requested ids of which there
   * is no member are told as {@code not_found}, and the nonce of the request is repeated.
   *
   * @param session the session that asked
   * @param request the data of its opcode 8, as {@link GatewayServerListener#received} had it
   * @param members the members to answer with, each with a {@code user}; neither changed nor kept
   */
  public static void dispatch(
      ServerSession session, JsonNode request, List<? extends JsonNode> members) {
    ArrayNode notFound = notFound(request.path("user_ids"), members);
    int count = Math.max(1, (members.size() + MAX_MEMBERS - 1) / MAX_MEMBERS);
    for (int index = 0; index < count; index++) {
      int start = index * MAX_MEMBERS;
      ObjectNode d = JsonNodeFactory.instance.objectNode();
      if (!notFound.isEmpty()) {
        d.set("not_found", notFound);
      }
      if (request.has("nonce")) {
        d.set("nonce", request.get("nonce"));
      }
      d.putArray("members")
          .addAll(members.subList(start, Math.min(start + MAX_MEMBERS, members.size())));
      d.put("guild_id", request.path("guild_id").asText());
      d.put("chunk_index", index);
      d.put("chunk_count", count);
      session.dispatch(
          "GUILD_MEMBERS_CHUNK", ByteBuffer.wrap(d.toString().getBytes(StandardCharsets.UTF_8)));
    }
  }

  private static ArrayNode notFound(JsonNode userIds, List<? extends JsonNode> members) {
    Set<String> found = new HashSet<>();
    members.forEach(member -> found.add(member.path("user").path("id").asText()));
    ArrayNode notFound = JsonNodeFactory.instance.arrayNode();
    for (JsonNode id : userIds.isArray() ? userIds : List.of(userIds)) {
      if (!id.isMissingNode() && !found.contains(id.asText())) {
        notFound.add(id);
      }
    }
    return notFound;
  }
}
