package dev.sluice.gateway;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * What the bot is shown to be doing: one of the activities of a {@link Presence}, with the fields
 * that a bot may set. Immutable.
 *
 * @param name what the activity is about, 1 to 128 characters; for {@link Type#CUSTOM} it is not
 *     shown, but still required
 * @param type the verb before the name
 * @param state the line under the name, or for {@link Type#CUSTOM} the visible text, at most 128
 *     characters; null for none
 * @param url the stream's address, {@code https} and at most 512 characters, only with {@link
 *     Type#STREAMING}; null for none. Discord shows streams on Twitch and YouTube alone
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#activity-object">Activity
 *     object</a>
 */
public record Activity(String name, Type type, @Nullable String state, @Nullable String url) {

  private static final int MAX_TEXT_CHARACTERS = 128;
  private static final int MAX_URL_CHARACTERS = 512;
  private static final String CUSTOM_NAME = "Custom Status";

  /**
   * Checks the limits.
   *
   * @param name what the activity is about, 1 to 128 characters; for {@link Type#CUSTOM} it is not
   *     shown, but still required
   * @param type the verb before the name
   * @param state the line under the name, or for {@link Type#CUSTOM} the visible text, at most 128
   *     characters; null for none
   * @param url the stream's address, {@code https} and at most 512 characters, only with {@link
   *     Type#STREAMING}; null for none. Discord shows streams on Twitch and YouTube alone
   * @throws IllegalArgumentException if a text is too long, {@code name} is empty, or {@code url}
   *     is no https address or comes with a type other than {@link Type#STREAMING}
   */
  public Activity {
    requireNonNull(name, "name");
    requireNonNull(type, "type");
    checkLength("activity name", name, 1, MAX_TEXT_CHARACTERS);
    if (state != null) {
      checkLength("activity state", state, 0, MAX_TEXT_CHARACTERS);
    }
    if (url != null) {
      checkLength("activity url", url, 1, MAX_URL_CHARACTERS);
      if (type != Type.STREAMING) {
        throw new IllegalArgumentException(
            "activity type: " + type + " (expected: STREAMING, since it has a url)");
      }
      if (!url.startsWith("https://")) {
        throw new IllegalArgumentException("activity url: " + url + " (expected: https://...)");
      }
    }
  }

  /**
   * {@return "Playing ..."}
   *
   * @param name what is played
   * @throws IllegalArgumentException if {@code name} is empty or too long
   */
  public static Activity playing(String name) {
    return new Activity(name, Type.PLAYING, null, null);
  }

  /**
   * {@return "Streaming ..."}
   *
   * @param name what is streamed
   * @param url the stream's address on Twitch or YouTube
   * @throws IllegalArgumentException if {@code name} is empty or too long, or {@code url} is no
   *     https address or too long
   */
  public static Activity streaming(String name, String url) {
    return new Activity(name, Type.STREAMING, null, requireNonNull(url, "url"));
  }

  /**
   * {@return "Listening to ..."}
   *
   * @param name what is listened to
   * @throws IllegalArgumentException if {@code name} is empty or too long
   */
  public static Activity listening(String name) {
    return new Activity(name, Type.LISTENING, null, null);
  }

  /**
   * {@return "Watching ..."}
   *
   * @param name what is watched
   * @throws IllegalArgumentException if {@code name} is empty or too long
   */
  public static Activity watching(String name) {
    return new Activity(name, Type.WATCHING, null, null);
  }

  /**
   * {@return "Competing in ..."}
   *
   * @param name what is competed in
   * @throws IllegalArgumentException if {@code name} is empty or too long
   */
  public static Activity competing(String name) {
    return new Activity(name, Type.COMPETING, null, null);
  }

  /**
   * {@return a custom status: a text without a verb}
   *
   * @param text the text to show
   * @throws IllegalArgumentException if {@code text} is too long
   */
  public static Activity custom(String text) {
    return new Activity(CUSTOM_NAME, Type.CUSTOM, requireNonNull(text, "text"), null);
  }

  private static void checkLength(String what, String text, int min, int max) {
    int length = text.codePointCount(0, text.length());
    if (length < min || length > max) {
      throw new IllegalArgumentException(
          what + ": " + length + " characters (expected: " + min + ".." + max + ')');
    }
  }

  /**
   * The verb of an activity.
   *
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway-events#activity-object-activity-types">Activity
   *     types</a>
   */
  public enum Type {
    /** "Playing {name}". */
    PLAYING(0),
    /** "Streaming {name}", with a link. */
    STREAMING(1),
    /** "Listening to {name}". */
    LISTENING(2),
    /** "Watching {name}". */
    WATCHING(3),
    /** The state alone. */
    CUSTOM(4),
    /** "Competing in {name}". */
    COMPETING(5);

    private final int code;

    Type(int code) {
      this.code = code;
    }

    /** {@return the number on the wire} */
    public int code() {
      return code;
    }
  }
}
