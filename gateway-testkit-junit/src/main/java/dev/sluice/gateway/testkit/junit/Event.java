package dev.sluice.gateway.testkit.junit;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An event to be sent by {@link TestGateway#send}, made by {@link Events}. It may be sent several
 * times; what it does not say is made up anew each time: ids, times, people. Not thread-safe.
 *
 * <p>What is said is applied in the order of the calls.
 *
 * @param <E> the type of the builder
 */
public abstract sealed class Event<E extends Event<E>> permits AnyEvent, Interaction, Message {

  /** Makes up the data of an event. */
  interface Generator {

    /** {@return the data of an event of the type in the guild, null if its shape is not known} */
    @Nullable ObjectNode event(String type, long guildId);
  }

  /** Events of which the id of the guild is the {@code id}. */
  private static final Set<String> OF_A_GUILD =
      Set.of("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE");

  private static final List<String> USER_IDS =
      List.of("/author/id", "/user/id", "/user_id", "/member/user/id");
  private static final List<String> CHANNEL_IDS = List.of("/channel_id", "/channel/id");

  private final String type;
  private final @Nullable ObjectNode given;
  private final List<Consumer<ObjectNode>> changes = new ArrayList<>();
  private @Nullable Long guildId;

  Event(String type, @Nullable ObjectNode given) {
    this.type = type;
    this.given = given;
  }

  abstract E self();

  /** {@return the name of the event, such as {@code MESSAGE_CREATE}} */
  public String type() {
    return type;
  }

  /**
   * Sets the guild, whose id also says which shard gets the event. Default: the first guild of
   * shard 0, or what the given data says.
   *
   * @param id the id of the guild, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public E guildId(long id) {
    this.guildId = requireId("guildId", id);
    return self();
  }

  /**
   * Sets the channel. Default: one of the guild, or what the given data says.
   *
   * @param id the id of the channel, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public E channelId(long id) {
    return setIds(CHANNEL_IDS, idText("channelId", id));
  }

  /**
   * Sets who caused the event, wherever the event names its author, its user or its member.
   *
   * @param id the id of the user, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public E userId(long id) {
    return setIds(USER_IDS, idText("userId", id));
  }

  /**
   * Sets any value of the data; the objects around it are made if they are not there.
   *
   * @param pointer where, as a JSON pointer, such as {@code /author/username}; an element of an
   *     array must be there, or be the next one
   * @param value anything that Jackson writes as JSON, null for JSON's {@code null}
   * @return this
   * @throws IllegalArgumentException if the pointer is none, or names the whole data; {@link
   *     TestGateway#send} throws it for one that leads through a value that is neither an object
   *     nor an array
   */
  public E with(String pointer, @Nullable Object value) {
    JsonPointer path = requirePath(pointer);
    JsonNode node = Json.of(value);
    return change(d -> set(d, path, node.deepCopy()));
  }

  /**
   * Leaves out a value of the data, if it is there.
   *
   * @param pointer where, as a JSON pointer
   * @return this
   * @throws IllegalArgumentException if the pointer is none, or names the whole data
   */
  public E without(String pointer) {
    JsonPointer path = requirePath(pointer);
    return change(d -> remove(d, path));
  }

  /** {@return the data to send} */
  ObjectNode build(Generator generator, long defaultGuildId) {
    ObjectNode d;
    if (given != null) {
      d = given.deepCopy();
    } else {
      long guild = guildId == null ? defaultGuildId : guildId;
      ObjectNode made = generator.event(type, guild);
      d = made != null ? made : Json.parse(type, "{}").put(guildKey(), Long.toString(guild));
    }
    if (guildId != null) {
      d.put(guildKey(), Long.toString(guildId));
    }
    fill(d, generator);
    changes.forEach(change -> change.accept(d));
    return d;
  }

  /** Adds to made-up data what the kind of event needs, before it is changed as told. */
  void fill(ObjectNode d, Generator generator) {}

  /** {@return the guild that the data names, 0 for none} */
  long guildOf(ObjectNode d) {
    return d.path(guildKey()).asLong();
  }

  final E change(Consumer<ObjectNode> change) {
    changes.add(change);
    return self();
  }

  /** {@return the text of an id} */
  static String idText(String name, long id) {
    return Long.toString(requireId(name, id));
  }

  /** Sets an id wherever the event names it. */
  private E setIds(List<String> pointers, String text) {
    return change(
        d -> {
          for (String pointer : pointers) {
            if (!d.at(pointer).isMissingNode()) {
              set(d, JsonPointer.compile(pointer), Json.of(text));
            }
          }
        });
  }

  private String guildKey() {
    return OF_A_GUILD.contains(type) ? "id" : "guild_id";
  }

  private static long requireId(String name, long id) {
    if (id <= 0) {
      throw new IllegalArgumentException(name + ": " + id + " (expected: > 0)");
    }
    return id;
  }

  private static JsonPointer requirePath(String pointer) {
    JsonPointer path = JsonPointer.compile(requireNonNull(pointer, "pointer"));
    if (path.matches()) {
      throw new IllegalArgumentException("pointer: empty (expected: such as /content)");
    }
    return path;
  }

  static void set(ObjectNode d, JsonPointer path, JsonNode value) {
    JsonNode parent = d;
    JsonPointer rest = path;
    for (JsonPointer next = rest.tail(); !next.matches(); next = next.tail()) {
      JsonNode child = child(parent, rest);
      if (child.isMissingNode() || child.isNull()) {
        child = d.objectNode();
        put(parent, rest, child, path);
      }
      parent = child;
      rest = next;
    }
    put(parent, rest, value, path);
  }

  private static JsonNode child(JsonNode parent, JsonPointer key) {
    return parent.isArray()
        ? parent.path(key.getMatchingIndex())
        : parent.path(key.getMatchingProperty());
  }

  private static void put(JsonNode parent, JsonPointer key, JsonNode value, JsonPointer path) {
    int index = key.getMatchingIndex();
    if (parent instanceof ObjectNode object) {
      object.set(key.getMatchingProperty(), value);
    } else if (parent instanceof ArrayNode array && index >= 0 && index < array.size()) {
      array.set(index, value);
    } else if (parent instanceof ArrayNode array && index == array.size()) {
      array.add(value);
    } else {
      throw new IllegalArgumentException(
          "pointer: "
              + path
              + " (expected: through objects and arrays, but there is "
              + parent
              + ')');
    }
  }

  private static void remove(ObjectNode d, JsonPointer path) {
    JsonNode parent = d.at(path.head());
    JsonPointer key = path.last();
    if (parent instanceof ObjectNode object) {
      object.remove(key.getMatchingProperty());
    } else if (parent instanceof ArrayNode array && key.getMatchingIndex() >= 0) {
      array.remove(key.getMatchingIndex());
    }
  }
}
