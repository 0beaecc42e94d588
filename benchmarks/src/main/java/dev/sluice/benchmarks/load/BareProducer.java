package dev.sluice.benchmarks.load;

import dev.sluice.benchmarks.load.Payloads.Payload;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The client of a broker alone, in a process of its own: publishes events that it has in memory,
 * with the keys and headers that a sink gives them, and waits until all are acknowledged. What a
 * sink costs beside it is the socket, the protocol and the copy.
 */
final class BareProducer implements AutoCloseable {

  /**
   * What some events came to.
   *
   * @param events how many
   * @param nanos from the first until all were acknowledged
   * @param cpuNanos processor time of the process
   * @param allocatedBytes what its threads allocated
   * @param gcMillis the time that its collectors took
   * @param residentBytes its resident memory at the end
   * @param threads its Java threads at the end
   */
  record Published(
      long events,
      long nanos,
      long cpuNanos,
      long allocatedBytes,
      long gcMillis,
      long residentBytes,
      int threads) {}

  /** A client of a broker. */
  private interface Publisher extends AutoCloseable {

    void publish(Payload payload, long sequence) throws Exception;

    /** Waits until all is acknowledged. */
    void flush() throws Exception;

    @Override
    void close();
  }

  private static final Set<String> OPTIONS = Set.of("client", "broker", "topic");
  private static final int PAYLOADS = 5_000;
  private static final String SHARD = "0/1";
  private static final String SESSION = "9f86d081884c7d65";
  private static final long START_SECONDS = 120;
  private static final long PUBLISH_SECONDS = 240;

  private final Child child;

  private BareProducer(Child child) {
    this.child = child;
  }

  /** Starts one and waits until it has its events. */
  static BareProducer start(String client, List<String> flags, String broker, String topic)
      throws IOException, InterruptedException {
    Child child =
        Child.start(
            "bare " + client,
            flags,
            BareProducer.class,
            List.of("--client=" + client, "--broker=" + broker, "--topic=" + topic));
    try {
      child.answer(ClientProcess.Done.class, START_SECONDS);
    } catch (IOException | InterruptedException e) {
      child.kill();
      throw e;
    }
    return new BareProducer(child);
  }

  Published publish(int events) throws IOException, InterruptedException {
    return child.ask("publish " + events, Published.class, PUBLISH_SECONDS);
  }

  @Override
  public void close() {
    child.kill();
  }

  /**
   * Runs until the input ends, which says how many events to publish.
   *
   * @param args {@code --client=}, {@code kafka} or {@code nats}, {@code --broker=}, its address,
   *     and {@code --topic=}, of Kafka, or the subject of NATS
   */
  public static void main(String[] args) throws IOException {
    PrintStream out = System.out;
    System.setOut(System.err);
    Options options = Options.parse(args, OPTIONS);
    try (Publisher publisher = publisher(options)) {
      Child.serve(out, new ClientProcess.Done(true), new Commands(publisher));
    } catch (Exception e) {
      Child.fail(out, e);
    }
    System.exit(0);
  }

  private static Publisher publisher(Options options) throws Exception {
    String client = options.text("client", "");
    String broker = options.text("broker", "");
    String topic = options.text("topic", "");
    return switch (client) {
      case "kafka" -> new KafkaPublisher(broker, topic);
      case "nats" -> new NatsPublisher(broker, topic);
      default ->
          throw new IllegalArgumentException("client: " + client + " (expected: kafka or nats)");
    };
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Does what the input says, on a thread of its own: that of the harness does not count. */
  private static final class Commands implements Child.Commands {

    private final List<Payload> payloads;
    private final Publisher publisher;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private long sequence;

    Commands(Publisher publisher) throws Exception {
      this.publisher = publisher;
      payloads = Payloads.of(PAYLOADS, 1);
    }

    @Override
    public Object answer(String[] words) throws Exception {
      if (!words[0].equals("publish")) {
        throw new IllegalArgumentException("command: " + words[0]);
      }
      int events = Integer.parseInt(words[1]);
      ProcessUsage usage = ProcessUsage.begin();
      long startNanos = System.nanoTime();
      thread.submit(() -> publish(events)).get();
      long nanos = System.nanoTime() - startNanos;
      ProcessUsage.Used used = usage.used();
      return new Published(
          events,
          nanos,
          used.cpuNanos(),
          used.allocatedBytes(),
          used.gcMillis(),
          ProcessUsage.residentBytes(),
          ProcessUsage.threads());
    }

    private Void publish(int events) throws Exception {
      for (int i = 0; i < events; i++) {
        publisher.publish(payloads.get((int) (sequence % payloads.size())), ++sequence);
      }
      publisher.flush();
      return null;
    }
  }

  private static final class KafkaPublisher implements Publisher {

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final AtomicReference<Exception> failure = new AtomicReference<>();

    KafkaPublisher(String broker, String topic) {
      this.topic = topic;
      producer =
          new KafkaProducer<>(
              FleetThroughput.producerProperties(broker),
              new ByteArraySerializer(),
              new ByteArraySerializer());
    }

    @Override
    public void publish(Payload payload, long sequence) {
      String key = payload.guildId() == 0 ? "shard-0" : Long.toString(payload.guildId());
      ProducerRecord<byte[], byte[]> event =
          new ProducerRecord<>(topic, bytes(key), payload.data());
      event
          .headers()
          .add("type", bytes(payload.type()))
          .add("shard", bytes(SHARD))
          .add("sequence", bytes(Long.toString(sequence)))
          .add("session", bytes(SESSION))
          .add("epoch", bytes("1"))
          .add("generation", bytes("1"))
          .add("encoding", bytes("json"));
      producer.send(
          event,
          (metadata, e) -> {
            if (e != null) {
              failure.compareAndSet(null, e);
            }
          });
    }

    @Override
    public void flush() throws Exception {
      producer.flush();
      if (failure.get() != null) {
        throw failure.get();
      }
    }

    @Override
    public void close() {
      producer.close();
    }
  }

  private static final class NatsPublisher implements Publisher {

    private static final int IN_FLIGHT = 4_096;

    private final Connection connection;
    private final JetStream stream;
    private final String subject;
    private final Semaphore inFlight = new Semaphore(IN_FLIGHT);
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    NatsPublisher(String broker, String subject) throws Exception {
      this.subject = subject;
      connection = Nats.connect(broker);
      connection
          .jetStreamManagement()
          .addStream(StreamConfiguration.builder().name("bare").subjects(subject + ".>").build());
      stream = connection.jetStream();
    }

    @Override
    public void publish(Payload payload, long sequence) throws InterruptedException {
      Headers headers = new Headers();
      headers.add("type", payload.type());
      headers.add("shard", SHARD);
      headers.add("sequence", Long.toString(sequence));
      headers.add("session", SESSION);
      headers.add("epoch", "1");
      headers.add("generation", "1");
      headers.add("encoding", "json");
      headers.add("Nats-Msg-Id", SESSION + ':' + sequence);
      inFlight.acquire();
      stream
          .publishAsync(
              NatsMessage.builder()
                  .subject(subject + '.' + payload.guildId())
                  .headers(headers)
                  .data(payload.data())
                  .build())
          .whenComplete(
              (acknowledgement, e) -> {
                if (e != null) {
                  failure.compareAndSet(null, e);
                }
                inFlight.release();
              });
    }

    @Override
    public void flush() throws Exception {
      if (!inFlight.tryAcquire(IN_FLIGHT, PUBLISH_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("not all were acknowledged");
      }
      inFlight.release(IN_FLIGHT);
      if (failure.get() != null) {
        throw new IllegalStateException("an event was not acknowledged", failure.get());
      }
    }

    @Override
    public void close() {
      try {
        connection.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
