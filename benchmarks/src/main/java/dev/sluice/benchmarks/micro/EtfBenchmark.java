package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.internal.EtfWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.dv8tion.jda.api.utils.data.DataObject;
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
 * What does it cost to receive an event in Erlang's external term format? Its terms must be walked,
 * for only that tells where {@code d} ends. Beside it: a copy of the same bytes, {@code d} as a
 * tree, JDA's decoder of the same bytes, and the reception of the same event in JSON.
 *
 * <p>The sequences rise from event to event, as those of a session do; to write them is charged to
 * {@code recv}, {@code recvAndTree} and {@code recvJson} alone.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar EtfBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class EtfBenchmark {

  /** The tag of a number of four bytes. */
  private static final byte INTEGER = 98;

  /** The type of the events, or MIXED. */
  @Param(Messages.MIXED)
  public String event = Messages.MIXED;

  private ByteBuffer[] etf = {};
  private byte[][] arrays = {};
  private int[] sequenceStarts = {};
  private byte[] copy = {};
  private MessageRing json = MessageRing.of(Messages.MIXED, MessageRing.FEW);
  private int next;
  private int last;
  private GatewayConnection etfConnection;
  private GatewayConnection jsonConnection;

  /**
   * Makes the messages and connections that are ready.
   *
   * @throws IOException if a message cannot be encoded
   */
  @Setup
  public void setUp() throws IOException {
    List<byte[]> messages = Messages.of(event, MessageRing.MANY);
    json = MessageRing.of(messages);
    List<byte[]> terms = new ArrayList<>();
    for (byte[] message : messages) {
      terms.add(EtfWriter.gateway(message));
    }
    arrays = terms.toArray(byte[][]::new);
    etf = terms.stream().map(Messages::direct).toArray(ByteBuffer[]::new);
    sequenceStarts = new int[etf.length];
    for (int i = 0; i < etf.length; i++) {
      sequenceStarts[i] = sequenceStart(etf[i], (int) Messages.FIRST_SEQUENCE + i);
    }
    copy = new byte[1 << 16];
    etfConnection =
        ReadyConnection.of(
            ReadyConnection.config(Encoding.ETF, Compression.NONE),
            EtfWriter.gateway(Messages.hello()),
            EtfWriter.gateway(Messages.ready()));
    jsonConnection =
        ReadyConnection.of(
            ReadyConnection.config(Encoding.JSON, Compression.NONE),
            Messages.hello(),
            Messages.ready());
  }

  /** {@return the last byte of a copy of a message: a baseline} */
  @Benchmark
  public byte copy() {
    ByteBuffer message = etf[next()];
    int length = message.capacity();
    message.get(0, copy, 0, length);
    return copy[length - 1];
  }

  /** {@return the sequence of the event that the connection makes of a message} */
  @Benchmark
  public long recv() {
    long sequence = sequence(etfConnection.recv(FrameType.BINARY, etf[next()].clear()));
    advance();
    return sequence;
  }

  /** {@return the sequence of the same event, of a message in JSON: a baseline} */
  @Benchmark
  public long recvJson() {
    long sequence = sequence(jsonConnection.recv(FrameType.TEXT, json.next()));
    json.advance();
    return sequence;
  }

  /**
   * {@return the {@code d} of the event that the connection makes of a message, as a tree}
   *
   * @throws IOException if it is not in the format
   */
  @Benchmark
  public JsonNode recvAndTree() throws IOException {
    JsonNode tree = etfConnection.recv(FrameType.BINARY, etf[next()].clear()).readTree();
    advance();
    return tree;
  }

  /** {@return all of a message as JDA's object: a baseline} */
  @Benchmark
  public DataObject jda() {
    return DataObject.fromETF(arrays[next()]);
  }

  private int next() {
    int index = next;
    last = index;
    next = index + 1 == arrays.length ? 0 : index + 1;
    return index;
  }

  /** Lets the sequence of the last message rise by the number of messages. */
  private void advance() {
    ByteBuffer message = etf[last];
    int start = sequenceStarts[last];
    int sequence = message.getInt(start) + etf.length;
    // One that no longer fits starts over.
    message.putInt(start, sequence > 0 ? sequence : (int) Messages.FIRST_SEQUENCE);
  }

  /** {@return the index of the four bytes that say the sequence} */
  private static int sequenceStart(ByteBuffer message, int sequence) {
    for (int i = 0; i < message.capacity() - Integer.BYTES; i++) {
      if (message.get(i) == INTEGER && message.getInt(i + 1) == sequence) {
        return i + 1;
      }
    }
    throw new IllegalArgumentException("message without " + sequence + " (expected: as its s)");
  }

  private static long sequence(Dispatch dispatch) {
    return dispatch == null ? -1 : dispatch.sequence();
  }
}
