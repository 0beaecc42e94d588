package dev.sluice.examples.guide;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ways to look at events. */
final class Events {

  private static final Logger log = LoggerFactory.getLogger(Events.class);

  private Events() {}

  /** The part of a message that this bot needs. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Message(
      long id, @JsonProperty("channel_id") long channelId, Author author, String content) {

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Author(long id, String username, boolean bot) {}
  }

  static DispatchHandler readMessages(Consumer<Message> messages) {
    return (shard, dispatch) -> {
      if (dispatch.type() == EventType.MESSAGE_CREATE) {
        messages.accept(dispatch.readValue(Message.class));
      }
    };
  }

  static DispatchHandler keep(Queue<Dispatch> kept) {
    return (shard, dispatch) -> {
      if (dispatch.guildId() != 0) { // found without parsing
        kept.add(dispatch.copy()); // good for ever, on any thread
      }
    };
  }

  static DispatchHandler logWhatIsNew() {
    return (shard, dispatch) -> {
      if (dispatch.type() == EventType.UNKNOWN) {
        log.info(
            "{}: {} bytes of an event without a constant", dispatch.name(), dispatch.dataLength());
      }
    };
  }

  static ShardManagerBuilder onlyInteractions(ShardManagerBuilder bot) {
    return bot.eventTypes(Set.of(EventType.INTERACTION_CREATE));
  }

  static ShardManagerBuilder tolerantMapper(ShardManagerBuilder bot) {
    return bot.configure(
        config ->
            config.objectMapper(
                JsonMapper.builder()
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()));
  }

  static ShardManagerBuilder reportFailures(ShardManagerBuilder bot) {
    return bot.onDispatchException(
        (shard, dispatch, cause) -> {
          log.error("shard {}: {} could not be handled", shard.id(), dispatch, cause);
          return true; // it counts as handled; false would bring it again after a restart
        });
  }
}
