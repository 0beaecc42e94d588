package dev.sluice.gateway.nats;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvent;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.Shard;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the events of shards to a stream of NATS JetStream, at least once: an event is
 * acknowledged when the stream has it. What is published again after a failure carries the same
 * message id, so a stream with a duplicate window drops it if it had it.
 *
 * <p>A message is published on {@code <prefix>.<bucket>.<type>}: consumers filter by type, and the
 * events of a guild are all in one bucket, {@code (guild id >>> 22) % buckets}, for workers that
 * each take some buckets in order. What belongs to no guild is in the bucket {@code shard id %
 * buckets}. The data is {@code d} as the gateway wrote it; the headers are {@code type}, {@code
 * shard} (such as {@code 3/64}), {@code sequence}, {@code session} (the beginning of a hash, to
 * tell sessions apart), {@code epoch} (of the shard's assignment) and {@code encoding} ({@code
 * json} or {@code etf}). A bucket has the events of a shard in their order, unless the server
 * refuses one and takes those behind it.
 *
 * <p>An event that is larger than the server lets messages be is published without its data, with a
 * header {@code omitted}, the number of bytes. The largest that Discord sends have several
 * megabytes, so set {@code max_payload} of the server to 8 MB or more.
 *
 * <p>While the server does not answer, shards stop reading, and nothing is dropped. Thread-safe;
 * one sink serves all shards, of several managers if need be. Close it after them.
 */
public final class NatsEventSink implements EventSink, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(NatsEventSink.class);

  private static final Duration CONFIRM_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration MIN_RETRY_DELAY = Duration.ofMillis(100);

  private final InFlightEvents inFlight;
  private final EventMessages messages;
  private final Publisher publisher;

  private NatsEventSink(Builder settings, Publisher.Client client, long maxMessageBytes) {
    this.inFlight = settings.inFlight;
    this.messages = new EventMessages(settings.subjectPrefix, settings.buckets, maxMessageBytes);
    this.publisher = new Publisher(client, settings.stream, CONFIRM_TIMEOUT, MIN_RETRY_DELAY);
  }

  /**
   * {@return the settings of a sink} The subjects are {@code <application>.events.>}, and the
   * stream has the name {@code <application>-events}.
   *
   * @param application the name of the bot: letters, digits, {@code -} and {@code _}
   * @throws IllegalArgumentException if the name has other characters or none
   */
  public static Builder builder(String application) {
    return new Builder(application);
  }

  @Override
  public boolean offer(Shard shard, Dispatch dispatch) {
    InFlightEvent event = inFlight.take(shard, dispatch);
    publisher.publish(messages.of(event));
    return inFlight.readsOn(shard);
  }

  /** {@return how many events the stream has confirmed} */
  public long published() {
    return publisher.stored();
  }

  /** {@return how many events were published once more because of a failure} */
  public long repeated() {
    return publisher.repeated();
  }

  /** {@return how many events were too large and were published without their data} */
  public long omitted() {
    return messages.omitted();
  }

  /** {@return how many events the stream has not confirmed yet} */
  public long unconfirmed() {
    return inFlight.events();
  }

  /**
   * Ends publishing and closes the connection. What the stream has not confirmed was not
   * acknowledged, so it comes again when its session is resumed. Repeated calls change nothing.
   */
  @Override
  public void close() {
    publisher.close();
  }

  /** The client logs by other means otherwise; what matters the publisher tells. */
  private static final class ErrorLog implements ErrorListener {

    @Override
    public void errorOccurred(Connection connection, String error) {
      log.warn("the server says: {}", error);
    }

    @Override
    public void exceptionOccurred(Connection connection, Exception exception) {
      log.debug("on a connection", exception);
    }
  }

  /** The settings of a sink. Not thread-safe; each may be set once. */
  public static final class Builder {

    private final Options.Builder options =
        new Options.Builder().dontForceFlushOnRequest().errorListener(new ErrorLog());

    private final String subjectPrefix;
    private String stream;
    private int buckets = 16;
    private int replicas = 1;
    private Duration maxAge = Duration.ofDays(1);
    private InFlightEvents inFlight = InFlightEvents.create();

    private Builder(String application) {
      if (!application.matches("[A-Za-z0-9_-]+")) {
        throw new IllegalArgumentException(
            "application: " + application + " (expected: letters, digits, - and _)");
      }
      this.subjectPrefix = application + ".events";
      this.stream = application + "-events";
      options.connectionName("sluice-" + application);
    }

    /**
     * Sets the servers. Default: {@code nats://localhost:4222}.
     *
     * @param urls their addresses
     * @return this
     */
    public Builder servers(String... urls) {
      options.servers(urls.clone());
      return this;
    }

    /**
     * Changes the options of the connections: credentials, TLS, timeouts. Whatever they say, one
     * that broke off does not reconnect by itself: the sink replaces it.
     *
     * @param configure is given the options as this sets them
     * @return this
     */
    public Builder connection(Consumer<Options.Builder> configure) {
      configure.accept(options);
      return this;
    }

    /**
     * Sets the name of the stream. Default: {@code <application>-events}.
     *
     * @param stream the name
     * @return this
     */
    public Builder stream(String stream) {
      this.stream = requireNonNull(stream, "stream");
      return this;
    }

    /**
     * Sets in how many buckets guilds are, which bounds how many workers can share the events and
     * still get those of a guild in order. Default: 16.
     *
     * @param buckets at least 1
     * @return this
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder buckets(int buckets) {
      if (buckets < 1) {
        throw new IllegalArgumentException("buckets: " + buckets + " (expected: >= 1)");
      }
      this.buckets = buckets;
      return this;
    }

    /**
     * Sets how many servers of a cluster keep each event, if the stream is made. Default: 1.
     *
     * @param replicas in [1, 5]
     * @return this
     * @throws IllegalArgumentException if it is out of the range
     */
    public Builder replicas(int replicas) {
      if (replicas < 1 || replicas > 5) {
        throw new IllegalArgumentException("replicas: " + replicas + " (expected: 1..5)");
      }
      this.replicas = replicas;
      return this;
    }

    /**
     * Sets how long events are kept, if the stream is made. Default: a day.
     *
     * @param maxAge at least two minutes, within which the stream drops duplicates
     * @return this
     * @throws IllegalArgumentException if it is shorter
     */
    public Builder maxAge(Duration maxAge) {
      if (maxAge.compareTo(Duration.ofMinutes(2)) < 0) {
        throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: >= PT2M)");
      }
      this.maxAge = maxAge;
      return this;
    }

    /**
     * Sets how many events may be unconfirmed before shards stop reading. Default: {@link
     * InFlightEvents#create()}.
     *
     * @param inFlight the bounds; of this sink alone
     * @return this
     */
    public Builder inFlight(InFlightEvents inFlight) {
      this.inFlight = requireNonNull(inFlight, "inFlight");
      return this;
    }

    /**
     * Connects, and makes the stream if it is not there. Blocks.
     *
     * @return the sink, to be closed after the managers that it serves
     * @throws IOException if no server answers, or JetStream refuses
     * @throws InterruptedException if the thread is interrupted meanwhile
     * @throws IllegalStateException if a stream of that name does not take the subjects
     */
    public NatsEventSink open() throws IOException, InterruptedException {
      Options built = options.noReconnect().build();
      Connection connection = Nats.connect(built);
      try {
        String subjects = subjectPrefix + ".>";
        StreamConfiguration made =
            new EventStream(stream, subjects, replicas, maxAge)
                .make(connection.jetStreamManagement());
        log.info("stream {} takes {}", stream, subjects);
        return new NatsEventSink(
            this, new NatsClient(built, connection), maxMessageBytes(connection, made));
      } catch (JetStreamApiException e) {
        connection.close();
        throw new IOException("stream " + stream + ": " + e.getMessage(), e);
      } catch (IOException | RuntimeException e) {
        connection.close();
        throw e;
      }
    }

    private static long maxMessageBytes(Connection connection, StreamConfiguration stream) {
      long ofServer = connection.getMaxPayload();
      long ofStream = stream.getMaximumMessageSize();
      return Math.min(
          ofServer > 0 ? ofServer : Long.MAX_VALUE, ofStream > 0 ? ofStream : Long.MAX_VALUE);
    }
  }
}
