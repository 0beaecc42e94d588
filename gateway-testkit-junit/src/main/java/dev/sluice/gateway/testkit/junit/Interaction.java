package dev.sluice.gateway.testkit.junit;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** An INTERACTION_CREATE: a slash command, a click on a component, or a modal that was sent. */
public final class Interaction extends Event<Interaction> {

  private static final int COMMAND = 2;
  private static final int COMPONENT = 3;
  private static final int MODAL = 5;
  private static final int BUTTON = 2;

  private static final int STRING_OPTION = 3;
  private static final int INTEGER_OPTION = 4;
  private static final int BOOLEAN_OPTION = 5;
  private static final int NUMBER_OPTION = 10;

  private final int kind;
  private final String name;

  private Interaction(int kind, String name) {
    super("INTERACTION_CREATE", null);
    this.kind = kind;
    this.name = name;
  }

  static Interaction command(String name) {
    return new Interaction(COMMAND, requireNonNull(name, "name"));
  }

  static Interaction button(String customId) {
    return new Interaction(COMPONENT, requireNonNull(customId, "customId"));
  }

  static Interaction modal(String customId) {
    return new Interaction(MODAL, requireNonNull(customId, "customId"));
  }

  @Override
  Interaction self() {
    return this;
  }

  /**
   * Adds an option to a slash command.
   *
   * @param optionName its name
   * @param value a string
   * @return this
   */
  public Interaction option(String optionName, String value) {
    return option(optionName, STRING_OPTION, requireNonNull(value, "value"));
  }

  /**
   * Adds an option to a slash command.
   *
   * @param optionName its name
   * @param value an integer
   * @return this
   */
  public Interaction option(String optionName, long value) {
    return option(optionName, INTEGER_OPTION, value);
  }

  /**
   * Adds an option to a slash command.
   *
   * @param optionName its name
   * @param value a truth value
   * @return this
   */
  public Interaction option(String optionName, boolean value) {
    return option(optionName, BOOLEAN_OPTION, value);
  }

  /**
   * Adds an option to a slash command.
   *
   * @param optionName its name
   * @param value a number
   * @return this
   */
  public Interaction option(String optionName, double value) {
    return option(optionName, NUMBER_OPTION, value);
  }

  /**
   * Adds a field to a modal, a text input in a row of its own.
   *
   * @param customId the custom id of the field
   * @param value what the user wrote
   * @return this
   */
  public Interaction field(String customId, String value) {
    requireNonNull(customId, "customId");
    requireNonNull(value, "value");
    return change(
        d -> {
          ObjectNode row = data(d).withArray("components").addObject().put("type", 1);
          row.withArray("components")
              .addObject()
              .put("type", 4)
              .put("custom_id", customId)
              .put("value", value);
        });
  }

  /**
   * Sets the token that answers it. Default: one that is made up.
   *
   * @param token the token
   * @return this
   */
  public Interaction token(String token) {
    return with("/token", requireNonNull(token, "token"));
  }

  /** The shape is that of a slash command with options of its own. */
  @Override
  void fill(ObjectNode d, Generator generator) {
    d.put("type", kind);
    ObjectNode made = data(d);
    ObjectNode data = d.putObject("data");
    if (kind == COMMAND) {
      data.put("type", 1).put("name", name).set("id", made.path("id"));
      return;
    }
    data.put("custom_id", name);
    if (kind == COMPONENT) {
      data.put("component_type", BUTTON).put("id", 1);
      ObjectNode message = generator.event("MESSAGE_CREATE", guildOf(d));
      if (message != null) {
        message.remove("guild_id");
        message.remove("member");
        message.set("channel_id", d.path("channel_id"));
        d.set("message", message);
      }
    }
  }

  private Interaction option(String optionName, int optionType, Object value) {
    requireNonNull(optionName, "optionName");
    return change(
        d ->
            data(d)
                .withArray("options")
                .addObject()
                .put("name", optionName)
                .put("type", optionType)
                .set("value", Json.of(value)));
  }

  private static ObjectNode data(ObjectNode d) {
    return d.get("data") instanceof ObjectNode data ? data : d.putObject("data");
  }
}
