package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The data of RESUMED, which ends a replay.
 *
 * @param trace the servers that took part, undocumented and for debugging alone; often empty
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#resumed">Resumed</a>
 */
public record Resumed(List<String> trace) {

  /**
   * Copies the list.
   *
   * @param trace the servers that took part, undocumented and for debugging alone; often empty
   */
  public Resumed {
    trace = List.copyOf(trace);
  }

  /**
   * {@return the view of the event}
   *
   * @param data its {@code d}, which is documented as empty
   */
  public static Resumed of(JsonNode data) {
    List<String> trace = new ArrayList<>();
    data.path("_trace").forEach(server -> trace.add(server.asText()));
    return new Resumed(trace);
  }
}
