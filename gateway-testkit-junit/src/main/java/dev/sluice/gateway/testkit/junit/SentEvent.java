package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.testkit.Delivery;
import java.util.List;

/** An event that a test has sent. Immutable. */
public final class SentEvent {

  private final TestGateway gateway;
  private final String type;
  private final ObjectNode d;
  private final List<Delivery> deliveries;

  SentEvent(TestGateway gateway, String type, ObjectNode d, List<Delivery> deliveries) {
    this.gateway = gateway;
    this.type = type;
    this.d = d;
    this.deliveries = deliveries;
  }

  /**
   * Waits until the bot has received the event, by asking it for a heartbeat, which names the last
   * sequence that was received. A bot that handles events on the thread that reads them has also
   * handled it by then; one that leaves them to other threads has not. A command that the bot sent
   * while handling it may be on its way: {@link TestGateway#awaitCommand} waits for it.
   *
   * <p>An event that was sent to a shard without a connection waits for the shard to resume. The
   * heartbeat is one of the 120 payloads that the bot may send in 60 s.
   *
   * @return this
   * @throws AssertionError if it did not within the timeout, or its session has ended
   */
  public SentEvent awaitReceived() {
    for (Delivery delivery : deliveries) {
      gateway.awaitReceived(type, delivery.shard(), delivery.sessionId(), delivery.sequence());
    }
    return this;
  }

  /**
   * Waits for the bot's answer over HTTP that no such call has yielded yet: to an interaction its
   * callback, to anything else in a channel a message in this channel.
   *
   * <pre>{@code
   * gateway.send(Events.slashCommand("roll").option("sides", 6)).awaitAnswer().has("/type", 4);
   * }</pre>
   *
   * @return the request
   * @throws AssertionError if there is none within the timeout
   * @throws IllegalStateException if the event has no channel, or is an interaction without id or
   *     token
   */
  public BotRequest awaitAnswer() {
    boolean interaction = type.equals("INTERACTION_CREATE");
    String token = d.path("token").asText();
    if (interaction ? id() == 0 || token.isEmpty() : channelId() == 0) {
      throw new IllegalStateException(
          this + ": not to be answered (expected: a channel_id, or an interaction's id and token)");
    }
    return gateway.awaitRequest(
        "POST",
        interaction
            ? "/interactions/" + d.path("id").asText() + '/' + token + "/callback"
            : "/channels/" + d.path("channel_id").asText() + "/messages");
  }

  /** {@return the name of the event, such as {@code MESSAGE_CREATE}} */
  public String type() {
    return type;
  }

  /** {@return the data that was sent, a copy} */
  public JsonNode d() {
    return d.deepCopy();
  }

  /** {@return the {@code id} of the data, of a message say; 0 for none} */
  public long id() {
    return d.path("id").asLong();
  }

  /** {@return the {@code channel_id} of the data, 0 for none} */
  public long channelId() {
    return d.path("channel_id").asLong();
  }

  /** {@return the sessions that got it: one, but for two shard counts while a bot is resharded} */
  public List<Delivery> deliveries() {
    return deliveries;
  }

  /** {@return the name of the event and its data} */
  @Override
  public String toString() {
    return type + ' ' + d;
  }
}
