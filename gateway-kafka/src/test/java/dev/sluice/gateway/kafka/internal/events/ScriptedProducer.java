package dev.sluice.gateway.kafka.internal.events;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** A producer that writes down what is asked of it, and fails as the script says. */
final class ScriptedProducer extends MockProducer<byte[], byte[]> {

  /** What can fail. */
  enum Call {
    INIT,
    BEGIN,
    OFFSETS,
    SEND,
    FLUSH,
    COMMIT,
    ABORT
  }

  /** What fails next, of all producers of a test; in order. */
  static final class Script {

    private final Map<Call, Deque<RuntimeException>> failures = new EnumMap<>(Call.class);
    private final Map<Call, Runnable> actions = new EnumMap<>(Call.class);
    private int sendsUntilAnswer = -1;

    Script fail(Call call, RuntimeException... failure) {
      failures.computeIfAbsent(call, key -> new ArrayDeque<>()).addAll(List.of(failure));
      return this;
    }

    /** Has something else happen just before the next call. */
    void before(Call call, Runnable action) {
      actions.put(call, action);
    }

    /** Has the broker answer at once for the send after so many others, out of turn. */
    void answerOnce(int others) {
      sendsUntilAnswer = others;
    }

    private boolean answers() {
      return sendsUntilAnswer >= 0 && sendsUntilAnswer-- == 0;
    }

    private @Nullable RuntimeException next(Call call) {
      return failures.getOrDefault(call, new ArrayDeque<>()).poll();
    }

    private void play(Call call) {
      Runnable action = actions.remove(call);
      if (action != null) {
        action.run();
      }
      RuntimeException failure = next(call);
      if (failure != null) {
        throw failure;
      }
    }
  }

  private final Script script;
  private final List<String> calls;
  volatile @Nullable ConsumerGroupMetadata membership; // of the last offsets

  ScriptedProducer(boolean autoComplete, Script script, List<String> calls) {
    super(autoComplete, null, new ByteArraySerializer(), new ByteArraySerializer());
    this.script = script;
    this.calls = calls;
  }

  @Override
  public void initTransactions() {
    calls.add("init");
    script.play(Call.INIT);
    super.initTransactions();
  }

  @Override
  public void beginTransaction() {
    calls.add("begin");
    script.play(Call.BEGIN);
    super.beginTransaction();
  }

  @Override
  public void sendOffsetsToTransaction(
      Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata groupMetadata) {
    calls.add("offsets");
    membership = groupMetadata;
    script.play(Call.OFFSETS);
    super.sendOffsetsToTransaction(offsets, groupMetadata);
  }

  @Override
  public synchronized Future<RecordMetadata> send(
      ProducerRecord<byte[], byte[]> record, Callback callback) {
    calls.add("send");
    RuntimeException failure = script.next(Call.SEND);
    if (failure == null && script.answers()) {
      callback.onCompletion(null, null);
      return CompletableFuture.completedFuture(null);
    }
    if (failure == null) {
      return super.send(record, callback);
    }
    callback.onCompletion(null, failure); // as a producer refuses what it cannot even try to send
    return CompletableFuture.failedFuture(failure);
  }

  @Override
  public synchronized void flush() {
    script.play(Call.FLUSH);
    super.flush();
  }

  @Override
  public void commitTransaction() {
    calls.add("commit");
    script.play(Call.COMMIT);
    super.commitTransaction();
  }

  @Override
  public void abortTransaction() {
    calls.add("abort");
    script.play(Call.ABORT);
    super.abortTransaction();
  }
}
