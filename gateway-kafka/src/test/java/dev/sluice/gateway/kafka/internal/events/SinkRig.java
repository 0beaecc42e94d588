package dev.sluice.gateway.kafka.internal.events;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.group.SessionMetadata;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Two shards of a local gateway whose events go to a sink. The test is the sink's thread: what the
 * event loops hand over is published when it calls {@link EventPublisher#work}.
 */
public final class SinkRig {

  static final int SHARDS = 2;
  static final ShardId FIRST = new ShardId(0, SHARDS);
  static final ShardId SECOND = new ShardId(1, SHARDS);
  static final long EPOCH = 1; // of a fixed assignment
  static final String EVENTS = "bot.events";
  static final String TRANSACTIONAL_ID = "bot-node-1";
  private static final long TIMEOUT_SECONDS = 60;

  final FakeOwnership ownership = new FakeOwnership().own(SHARDS, EPOCH);
  final FleetCounters counters = new FleetCounters();
  final ScriptedProducer.Script script = new ScriptedProducer.Script();
  final List<String> calls = new ArrayList<>();
  final List<ScriptedProducer> producers = new ArrayList<>();
  final InFlightEvents inFlight = InFlightEvents.create();
  boolean autoComplete = true;

  private final BlockingQueue<Long> offered = new LinkedBlockingQueue<>();
  private final List<AutoCloseable> opened = new ArrayList<>();

  /** {@return a producer as the application's, written down} */
  ScriptedProducer producer() {
    ScriptedProducer producer = new ScriptedProducer(autoComplete, script, calls);
    producers.add(producer);
    return producer;
  }

  /** Lets the events of both shards go to a sink, up to READY; it has been offered that. */
  ShardManager connect(KafkaEventSink sink, LocalGateway gateway) throws Exception {
    EventSink counting =
        new EventSink() {
          @Override
          public boolean offer(Shard shard, Dispatch dispatch) {
            boolean readsOn = sink.offer(shard, dispatch);
            offered.add(dispatch.sequence());
            return readsOn;
          }

          @Override
          public void stopped() {
            sink.stopped();
          }
        };
    ShardManager manager =
        ShardManager.builder(gateway.token(), Intents.all())
            .apiUri(gateway.apiUri())
            .shards(SHARDS)
            .sessionStore(SessionStore.inMemory())
            .eventSink(counting)
            .drainTimeout(Duration.ofMillis(1)) // tests leave events behind
            .build();
    opened.add(0, manager);
    get(manager.start());
    get(manager.ready());
    awaitOffered(SHARDS);
    return manager;
  }

  LocalGateway gateway() {
    LocalGateway gateway =
        LocalGateway.builder()
            .guildCreates(false)
            .server(server -> server.maxConcurrency(SHARDS))
            .start();
    opened.add(0, gateway);
    return gateway;
  }

  /** Sends events to a shard, and waits until the sink has been offered them. */
  void send(LocalGateway gateway, ShardId shard, String... contents) throws Exception {
    for (String content : contents) {
      get(gateway.dispatch(shard, "MESSAGE_CREATE", content.getBytes(UTF_8)));
    }
    awaitOffered(contents.length);
  }

  void awaitOffered(int events) throws InterruptedException {
    for (int i = 0; i < events; i++) {
      assertThat(offered.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isNotNull();
    }
  }

  /** {@return what the transactions brought into the topic, or all that was sent without any} */
  List<ProducerRecord<byte[], byte[]>> published() {
    return producers.stream().flatMap(producer -> producer.history().stream()).toList();
  }

  /** {@return which events were published, as shard#sequence} */
  List<String> names() {
    return published().stream().map(SinkRig::name).toList();
  }

  static String name(ProducerRecord<byte[], byte[]> record) {
    String shard = header(record, EventHeaders.SHARD);
    return shard.substring(0, shard.indexOf('/')) + '#' + header(record, EventHeaders.SEQUENCE);
  }

  static String header(ProducerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  /** {@return what was committed for a shard, the first first} */
  List<SessionMetadata> checkpoints(ShardId shard) {
    return producers.stream()
        .flatMap(producer -> producer.consumerGroupOffsetsHistory().stream())
        .flatMap(groups -> Stream.ofNullable(groups.get(FakeOwnership.TOPIC)))
        .flatMap(offsets -> Stream.ofNullable(offsets.get(ownership.partitionOf(shard))))
        .map(offset -> SessionMetadata.decode(offset.metadata()))
        .toList();
  }

  /** {@return the sequences that were committed for a shard; -1 for no session} */
  List<Long> sequences(ShardId shard) {
    return checkpoints(shard).stream()
        .map(SessionMetadata::session)
        .map(session -> session == null ? -1L : session.sequence())
        .toList();
  }

  /** {@return how far a shard's events are acknowledged} */
  static long acknowledged(ShardManager manager, ShardId shard) throws Exception {
    return session(manager, shard).sequence();
  }

  static GatewaySession session(ShardManager manager, ShardId shard) throws Exception {
    return requireNonNull(get(requireNonNull(manager.shard(shard.id())).session()));
  }

  void assertNothingIsInFlight(ShardManager manager) throws Exception {
    session(manager, FIRST); // its event loop has counted what ended before
    session(manager, SECOND);
    assertThat(inFlight.events()).isZero();
    assertThat(inFlight.bytes()).isZero();
  }

  public static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  void close() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }
}
