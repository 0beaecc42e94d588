package dev.sluice.gateway.kafka.internal.events;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.InFlightEvent;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** An event on its way to the topic. */
final class PendingEvent implements SinkTask {

  private static final Header JSON =
      EventHeaders.of(EventHeaders.ENCODING, Encoding.JSON.parameter());
  private static final Header ETF =
      EventHeaders.of(EventHeaders.ENCODING, Encoding.ETF.parameter());

  final InFlightEvent event;
  final EventSource source;

  /** Completes when the event ended; only for a READY or RESUMED that sessions wait for. */
  final @Nullable CompletableFuture<Void> ended;

  /** The place among all events of the sink, given by its thread. */
  long order;

  /** Why it was not taken the last time; written by the producer's thread. */
  volatile @Nullable Exception failure;

  private volatile boolean over;

  PendingEvent(InFlightEvent event, EventSource source, @Nullable CompletableFuture<Void> ended) {
    this.event = event;
    this.source = source;
    this.ended = ended;
  }

  @Override
  public ShardId shard() {
    return source.shard.id();
  }

  @Override
  public long epoch() {
    return source.shard.assignmentEpoch();
  }

  /** {@return the record; made anew each time, for a producer makes it read-only} */
  ProducerRecord<byte[], byte[]> record(String topic, Header generation, Header type) {
    byte[] key =
        event.guildId() == 0
            ? source.keyWithoutGuild
            : Long.toUnsignedString(event.guildId()).getBytes(US_ASCII);
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key, event.data());
    record
        .headers()
        .add(type)
        .add(source.shardHeader)
        .add(EventHeaders.of(EventHeaders.SEQUENCE, event.sequence()))
        .add(source.sessionHeader)
        .add(source.epochHeader)
        .add(generation)
        .add(event.encoding() == Encoding.JSON ? JSON : ETF);
    return record;
  }

  @Override
  public void done() {
    event.acknowledge();
    end();
  }

  @Override
  public void giveUp() {
    event.giveUp();
    end();
  }

  /** {@return whether it is where it should be, or was given up} */
  boolean isOver() {
    return over;
  }

  private void end() {
    over = true;
    if (ended != null) {
      ended.complete(null);
    }
  }
}
