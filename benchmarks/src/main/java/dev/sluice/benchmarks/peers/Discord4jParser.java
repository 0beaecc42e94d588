package dev.sluice.benchmarks.peers;

import discord4j.common.JacksonResources;
import discord4j.gateway.ZlibDecompressor;
import discord4j.gateway.json.GatewayPayload;
import discord4j.gateway.payload.JacksonPayloadReader;
import discord4j.gateway.payload.PayloadReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.Queue;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/**
 * What Discord4J does to the bytes of a message before it looks at what they say, with its own
 * classes: its {@code GatewayWebsocketHandler} inflates and its {@code DefaultGatewayClient} reads
 * through the same two. What lies between them there, a sink and some operators, is left out.
 *
 * <p>Not thread-safe; confine to one thread.
 */
public final class Discord4jParser {

  private final PayloadReader reader =
      new JacksonPayloadReader(JacksonResources.create().getObjectMapper());
  private final ByteBufAllocator allocator;
  private final Queue<ByteBuf> inflated = new ArrayDeque<>(1);
  private Messages messages;

  /** Makes a parser that inflates into buffers of the pool, as Discord4J does. */
  public Discord4jParser() {
    this.allocator = PooledByteBufAllocator.DEFAULT;
    this.messages = stream();
  }

  /**
   * Parses a payload.
   *
   * @param payload the JSON; neither moved nor released
   * @return all of it, or null if Discord4J drops it, as it does with events that it does not know
   */
  public GatewayPayload<?> parse(ByteBuf payload) {
    Result result = new Result();
    reader.read(payload.retain()).subscribe(result);
    return result.payload;
  }

  /**
   * Inflates a message of zlib-stream and parses it.
   *
   * @param message the next of its stream, whole; neither moved nor released
   * @return all of it, or null if Discord4J drops it
   * @throws IllegalArgumentException if it is not whole
   */
  public GatewayPayload<?> inflateAndParse(ByteBuf message) {
    ByteBuf payload = inflate(message);
    try {
      return parse(payload);
    } finally {
      payload.release();
    }
  }

  /**
   * Inflates a message of zlib-stream.
   *
   * @param message the next of its stream, whole; neither moved nor released
   * @return the payload, to be released by the caller
   * @throws IllegalArgumentException if it is not whole
   */
  public ByteBuf inflate(ByteBuf message) {
    messages.next(message);
    ByteBuf payload = inflated.poll();
    if (payload == null) {
      throw new IllegalArgumentException(
          "message: without 00 00 FF FF at its end (expected: whole)");
    }
    return payload;
  }

  /** Begins another stream, as Discord4J does on each connection. */
  public void restart() {
    messages = stream();
  }

  private Messages stream() {
    Messages stream = new Messages();
    new ZlibDecompressor(allocator)
        .completeMessages(stream)
        .subscribe(
            inflated::add,
            failure -> {
              throw new IllegalStateException("message: not of this stream", failure);
            });
    return stream;
  }

  /** The messages of one connection, handed on when they come and without a queue. */
  private static final class Messages extends Flux<ByteBuf> {

    private CoreSubscriber<? super ByteBuf> subscriber;

    @Override
    public void subscribe(CoreSubscriber<? super ByteBuf> subscriber) {
      this.subscriber = subscriber;
      subscriber.onSubscribe(
          new Subscription() {
            @Override
            public void request(long n) {
              // Each message is consumed before the next one comes.
            }

            @Override
            public void cancel() {
              // Nothing comes but by next.
            }
          });
    }

    void next(ByteBuf message) {
      subscriber.onNext(message);
    }
  }

  private static final class Result extends BaseSubscriber<GatewayPayload<?>> {

    private GatewayPayload<?> payload;

    @Override
    protected void hookOnNext(GatewayPayload<?> payload) {
      this.payload = payload;
    }
  }
}
