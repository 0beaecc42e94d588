package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.internal.JsonEnvelope;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does the scan of an envelope cost by itself, and what if its keys do not stand in the order
 * in which the gateway writes them? Beside it: a copy of the same bytes.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar EnvelopeBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class EnvelopeBenchmark {

  /** How the keys of a message stand. */
  public enum Keys {
    /** {@code t}, {@code s}, {@code op}, {@code d}, without a space: as the gateway writes. */
    USUAL,
    /** {@code op}, {@code s}, {@code t}, {@code d}: all is known before {@code d}. */
    REORDERED,
    /** The usual order, with spaces. */
    SPACED,
    /** {@code d} first, so that it must be walked over. */
    DATA_FIRST
  }

  /** The type of the events, or MIXED. */
  @Param("MESSAGE_CREATE")
  public String event = "MESSAGE_CREATE";

  /** How the keys stand. */
  @Param public Keys keys = Keys.USUAL;

  private final JsonEnvelope envelope = new JsonEnvelope();
  private ByteBuffer[] messages = {};
  private byte[] copy = {};
  private int next;

  /** Makes the messages. */
  @Setup
  public void setUp() {
    List<ByteBuffer> made = new ArrayList<>();
    for (byte[] message : Messages.of(event, MessageRing.MANY)) {
      made.add(Messages.direct(arrange(message)));
    }
    messages = made.toArray(ByteBuffer[]::new);
    copy = new byte[1 << 16];
  }

  /** {@return the last byte of a copy of a message: the baseline} */
  @Benchmark
  public byte copy() {
    ByteBuffer message = next();
    int length = message.limit();
    message.get(0, copy, 0, length);
    return copy[length - 1];
  }

  /** {@return the sequence that the scan finds} */
  @Benchmark
  public long scan() {
    ByteBuffer message = next();
    return envelope.scan(message, 0, message.limit()) ? envelope.sequence() : -1;
  }

  private ByteBuffer next() {
    int index = next;
    next = index + 1 == messages.length ? 0 : index + 1;
    return messages[index];
  }

  private byte[] arrange(byte[] message) {
    if (!envelope.scan(ByteBuffer.wrap(message), 0, message.length)) {
      throw new IllegalStateException("message: " + envelope.error() + " (expected: an event)");
    }
    String t = String.valueOf(envelope.name());
    long s = envelope.sequence();
    String[] around =
        switch (keys) {
          case USUAL -> new String[] {"{\"t\":\"" + t + "\",\"s\":" + s + ",\"op\":0,\"d\":", "}"};
          case REORDERED ->
              new String[] {"{\"op\":0,\"s\":" + s + ",\"t\":\"" + t + "\",\"d\":", "}"};
          case SPACED ->
              new String[] {"{ \"t\": \"" + t + "\", \"s\": " + s + ", \"op\": 0, \"d\": ", " }"};
          case DATA_FIRST ->
              new String[] {"{\"d\":", ",\"op\":0,\"s\":" + s + ",\"t\":\"" + t + "\"}"};
        };
    byte[] head = Messages.utf8(around[0]);
    byte[] tail = Messages.utf8(around[1]);
    int dataLength = envelope.dataEnd() - envelope.dataStart();
    return ByteBuffer.allocate(head.length + dataLength + tail.length)
        .put(head)
        .put(message, envelope.dataStart(), dataLength)
        .put(tail)
        .array();
  }
}
