package dev.sluice.gateway.testkit.junit;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.node.ArrayNode;

/** A message that somebody wrote, edited or deleted. */
public final class Message extends Event<Message> {

  Message(String type) {
    super(type, null);
  }

  @Override
  Message self() {
    return this;
  }

  /**
   * Sets what was written.
   *
   * @param content the text
   * @return this
   */
  public Message content(String content) {
    return with("/content", requireNonNull(content, "content"));
  }

  /**
   * Sets the id of the message.
   *
   * @param id the id, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public Message id(long id) {
    return with("/id", idText("id", id));
  }

  /**
   * Sets the name of the author.
   *
   * @param username the name
   * @return this
   */
  public Message username(String username) {
    return with("/author/username", requireNonNull(username, "username"));
  }

  /**
   * Says that a bot wrote it, for a bot that ignores its kind.
   *
   * @return this
   */
  public Message byBot() {
    return with("/author/bot", true);
  }

  /**
   * Mentions somebody: in {@code mentions}, and at the start of the text.
   *
   * @param userId the id of the user, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public Message mentioning(long userId) {
    String id = idText("userId", userId);
    return change(
        d -> {
          d.put("content", "<@" + id + "> " + d.path("content").asText());
          ArrayNode mentions = d.withArray("mentions");
          mentions.addObject().put("id", id).put("username", "user" + id);
        });
  }

  /**
   * Makes it a direct message: one of no guild, which shard 0 gets.
   *
   * @return this
   */
  public Message direct() {
    return change(
        d -> {
          d.remove("guild_id");
          d.remove("member");
          set(d, JsonPointer.compile("/channel_type"), Json.of(1));
        });
  }
}
