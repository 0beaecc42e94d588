package dev.sluice.gateway;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the bot is shown to others: its status and activities. Part of IDENTIFY, and changed later by
 * {@link GatewayCommand.UpdatePresence}. Immutable.
 *
 * @param since when the bot went idle, sent in milliseconds; null when it is not idle
 * @param activities what the bot is doing; may be empty
 * @param status the coloured dot
 * @param afk whether the bot is away
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#update-presence">Update
 *     Presence</a>
 */
public record Presence(
    @Nullable Instant since, List<Activity> activities, Status status, boolean afk) {

  private static final Instant MAX_SINCE = Instant.ofEpochMilli(Long.MAX_VALUE);

  /**
   * Copies the activities and checks the time.
   *
   * @param since when the bot went idle, sent in milliseconds; null when it is not idle
   * @param activities what the bot is doing; may be empty
   * @param status the coloured dot
   * @param afk whether the bot is away
   * @throws IllegalArgumentException if {@code since} is before 1970 or does not fit a long in
   *     milliseconds
   */
  public Presence {
    if (since != null && (since.isBefore(Instant.EPOCH) || since.isAfter(MAX_SINCE))) {
      throw new IllegalArgumentException(
          "since: " + since + " (expected: " + Instant.EPOCH + ".." + MAX_SINCE + ')');
    }
    activities = List.copyOf(activities);
    requireNonNull(status, "status");
  }

  /**
   * {@return the presence of a bot that is there}
   *
   * @param activities what the bot is doing; may be none
   */
  public static Presence online(Activity... activities) {
    return of(Status.ONLINE, activities);
  }

  /**
   * {@return the presence of a bot that does not want to be disturbed}
   *
   * @param activities what the bot is doing; may be none
   */
  public static Presence doNotDisturb(Activity... activities) {
    return of(Status.DO_NOT_DISTURB, activities);
  }

  /**
   * {@return the presence of a bot that is away}
   *
   * @param since when it went away
   * @param activities what the bot is doing; may be none
   * @throws IllegalArgumentException if {@code since} is before 1970 or does not fit a long in
   *     milliseconds
   */
  public static Presence idle(Instant since, Activity... activities) {
    return new Presence(requireNonNull(since, "since"), List.of(activities), Status.IDLE, true);
  }

  /** {@return the presence of a bot that looks offline} */
  public static Presence invisible() {
    return of(Status.INVISIBLE);
  }

  private static Presence of(Status status, Activity... activities) {
    return new Presence(null, List.of(activities), status, false);
  }

  /**
   * The coloured dot of a presence.
   *
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway-events#update-presence-status-types">Status
   *     types</a>
   */
  public enum Status {
    /** There. */
    ONLINE("online"),
    /** There, but not to be disturbed. */
    DO_NOT_DISTURB("dnd"),
    /** Away. */
    IDLE("idle"),
    /** There, but shown as offline. */
    INVISIBLE("invisible"),
    /** Not there. */
    OFFLINE("offline");

    private final String value;

    Status(String value) {
      this.value = value;
    }

    /** {@return the string on the wire} */
    public String value() {
      return value;
    }
  }
}
