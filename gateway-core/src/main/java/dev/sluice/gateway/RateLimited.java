package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The data of RATE_LIMITED: a command was refused because too many of its kind were sent. The
 * connection heeds it by itself, and asks again for a whole member list that was refused; the event
 * is delivered all the same.
 *
 * @param opcode the number of the command's opcode
 * @param retryAfter when such a command will be accepted again, at least 0
 * @param meta what else there is to know, by opcode; for REQUEST_GUILD_MEMBERS its guild and nonce
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#rate-limited">Rate
 *     Limited</a>
 */
public record RateLimited(int opcode, Duration retryAfter, JsonNode meta) {

  private static final double MAX_SECONDS = 1e9;

  /**
   * Reads the event.
   *
   * @param data its {@code d}
   * @return the view of it; later changes to {@code data} show in {@link #meta}
   * @throws IOException if {@code opcode} or {@code retry_after} is missing or out of range
   */
  public static RateLimited of(JsonNode data) throws IOException {
    double seconds = data.path("retry_after").asDouble(-1);
    if (!(seconds >= 0 && seconds <= MAX_SECONDS)) {
      throw Views.unexpected("retry_after", data.path("retry_after"), "seconds from 0");
    }
    return new RateLimited(
        Views.intWithin("opcode", data.path("opcode"), 0, Integer.MAX_VALUE),
        Duration.ofNanos((long) (seconds * 1e9)),
        data.path("meta"));
  }

  /** {@return the guild that {@link #meta} names, 0 if it names none} */
  public long guildId() {
    return Views.id(meta.path("guild_id"));
  }

  /** {@return the nonce of the refused request, or null if {@link #meta} has none} */
  public @Nullable String nonce() {
    return meta.path("nonce").textValue();
  }
}
