package dev.sluice.gateway.testkit.junit;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.server.MemberChunks;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes events to send. What a test does not say is made up in the shape that Discord's events
 * have, with ids that fit together.
 *
 * <pre>{@code
 * gateway.send(Events.messageCreate().content("!ping").userId(7));
 * gateway.send(Events.slashCommand("roll").option("sides", 6));
 * gateway.send(Events.of(EventType.TYPING_START).with("/user_id", "7"));
 * gateway.send(Events.fromResource(PongTest.class, "poll.json"));
 * }</pre>
 */
public final class Events {

  private Events() {}

  /** {@return a message that somebody wrote in a channel of a guild} */
  public static Message messageCreate() {
    return new Message("MESSAGE_CREATE");
  }

  /** {@return a message that somebody edited} */
  public static Message messageUpdate() {
    return new Message("MESSAGE_UPDATE");
  }

  /**
   * {@return a slash command that somebody used}
   *
   * @param name the name of the command
   */
  public static Interaction slashCommand(String name) {
    return Interaction.command(name);
  }

  /**
   * {@return a click on a button of a message}
   *
   * @param customId the custom id of the button
   */
  public static Interaction buttonClick(String customId) {
    return Interaction.button(customId);
  }

  /**
   * {@return a modal that somebody filled in and sent}
   *
   * @param customId the custom id of the modal
   */
  public static Interaction modalSubmit(String customId) {
    return Interaction.modal(customId);
  }

  /**
   * {@return the answer to a request for members, in one chunk}
   *
   * @param request the request, of opcode 8, whose guild and nonce are repeated
   * @param members the members, each anything that Jackson writes as JSON, at most 1000
   * @throws IllegalArgumentException if it is another command, or the members are too many
   */
  public static AnyEvent guildMembersChunk(BotCommand request, List<?> members) {
    if (request.opcode() != Opcode.REQUEST_GUILD_MEMBERS) {
      throw new IllegalArgumentException(
          "request: " + request.opcode() + " (expected: REQUEST_GUILD_MEMBERS)");
    }
    if (members.size() > MemberChunks.MAX_MEMBERS) {
      throw new IllegalArgumentException(
          "members: " + members.size() + " (expected: <= " + MemberChunks.MAX_MEMBERS + ')');
    }
    JsonNode asked = request.d();
    ObjectNode d = Json.parse("d", "{\"chunk_index\":0,\"chunk_count\":1}");
    d.set("guild_id", asked.path("guild_id"));
    d.set("members", Json.of(members));
    if (asked.has("nonce")) {
      d.set("nonce", asked.path("nonce"));
    }
    return new AnyEvent("GUILD_MEMBERS_CHUNK", d);
  }

  /**
   * {@return an event of any type} The types that bots meet most have made-up data; others have a
   * {@code guild_id} and what {@link Event#with} says.
   *
   * @param type the type, not {@link EventType#UNKNOWN}
   * @throws IllegalArgumentException if the type is UNKNOWN, which has no name
   */
  public static AnyEvent of(EventType type) {
    if (type == EventType.UNKNOWN) {
      throw new IllegalArgumentException("type: UNKNOWN (expected: a name, by of(String))");
    }
    return of(type.name());
  }

  /**
   * {@return an event of any type, such as one that is not documented}
   *
   * @param type the name of the event: upper-case letters, digits and underscores
   * @see #of(EventType)
   */
  public static AnyEvent of(String type) {
    return new AnyEvent(requireNonNull(type, "type"), null);
  }

  /**
   * {@return an event with the given data}
   *
   * @param type the name of the event
   * @param d its data, a JSON object
   * @throws IllegalArgumentException if the data is no JSON object
   */
  public static AnyEvent of(String type, String d) {
    return new AnyEvent(requireNonNull(type, "type"), Json.parse("d", requireNonNull(d, "d")));
  }

  /**
   * {@return the event of a payload as the gateway sends it} Its {@code t} and its {@code d} are
   * used, its {@code s} and its {@code op} are not.
   *
   * @param payload a JSON object with {@code t} and {@code d}
   * @throws IllegalArgumentException if it is no such object
   */
  public static AnyEvent fromJson(String payload) {
    return parse("payload", requireNonNull(payload, "payload"));
  }

  /**
   * {@return the event of a payload in a file, as {@link #fromJson} reads it}
   *
   * @param file a file in UTF-8
   * @throws IllegalArgumentException if it holds no such object
   * @throws UncheckedIOException if it cannot be read
   */
  public static AnyEvent fromFile(Path file) {
    try {
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * {@return the event of a payload in a resource, as {@link #fromJson} reads it}
   *
   * @param origin the class that the name is relative to
   * @param name the name of a resource in UTF-8, with a leading slash from the root
   * @throws IllegalArgumentException if there is no such resource, or it holds no such object
   * @throws UncheckedIOException if it cannot be read
   */
  public static AnyEvent fromResource(Class<?> origin, String name) {
    try (InputStream stream = origin.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalArgumentException(
            "resource: " + name + " (expected: one that " + origin.getName() + " finds)");
      }
      return parse(name, new String(stream.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static AnyEvent parse(String what, String json) {
    ObjectNode payload = Json.parse(what, json);
    JsonNode type = payload.path("t");
    if (!type.isTextual() || !(payload.get("d") instanceof ObjectNode d)) {
      throw new IllegalArgumentException(
          what + ": " + abridged(json) + " (expected: an object with a string t and an object d)");
    }
    return new AnyEvent(type.textValue(), d);
  }

  private static String abridged(String json) {
    return json.length() <= 100 ? json : json.substring(0, 100) + "...";
  }
}
