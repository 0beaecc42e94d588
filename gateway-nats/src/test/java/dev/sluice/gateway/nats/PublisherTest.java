package dev.sluice.gateway.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PublisherTest {

  private static final long TIMEOUT_SECONDS = 30;

  /** A server that answers when the test says so. */
  private static final class FakeServer implements Publisher.Client {

    record Sent(String subject, CompletableFuture<String> answer) {

      void confirm() {
        answer.complete("confirmed");
      }

      void refuse(String why) {
        answer.completeExceptionally(new IOException(why));
      }
    }

    final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
    final BlockingQueue<Boolean> recoveries = new LinkedBlockingQueue<>();
    private int unreachable;
    private Consumer<Throwable> onFailure;
    volatile boolean closed;
    private boolean full;

    synchronized void unreachable(int times) {
      unreachable = times;
    }

    synchronized void full() {
      full = true;
    }

    @Override
    public synchronized CompletionStage<?> publish(Publication publication) {
      if (full) {
        full = false;
        throw new IllegalStateException("Output queue is full");
      }
      Sent next = new Sent(publication.subject, new CompletableFuture<>());
      sent.add(next);
      return next.answer;
    }

    @Override
    public synchronized void recover() throws IOException {
      boolean answers = unreachable == 0;
      recoveries.add(answers);
      if (!answers) {
        unreachable--;
        throw new IOException("connection refused");
      }
    }

    @Override
    public void onFailure(Consumer<Throwable> onFailure) {
      this.onFailure = onFailure;
    }

    @Override
    public void close() {
      closed = true;
    }

    Sent take() throws InterruptedException {
      Sent next = sent.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      assertThat(next).as("something sent").isNotNull();
      return next;
    }

    List<Sent> take(String... subjects) throws InterruptedException {
      List<Sent> taken = new ArrayList<>();
      for (String subject : subjects) {
        taken.add(take());
        assertThat(taken.get(taken.size() - 1).subject).isEqualTo(subject);
      }
      return taken;
    }

    boolean awaitRecovery() throws InterruptedException {
      Boolean answered = recoveries.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      assertThat(answered).as("a recovery").isNotNull();
      return answered;
    }
  }

  private final FakeServer server = new FakeServer();
  private final BlockingQueue<String> stored = new LinkedBlockingQueue<>();
  private Publisher publisher = publisher(Duration.ofSeconds(TIMEOUT_SECONDS));

  private Publisher publisher(Duration confirmTimeout) {
    return new Publisher(server, "events", confirmTimeout, Duration.ofMillis(1));
  }

  @AfterEach
  void close() {
    publisher.close();
  }

  private void publish(String... subjects) {
    for (String subject : subjects) {
      publisher.publish(
          new Publication(subject, new Headers(), new byte[0], () -> stored.add(subject)));
    }
  }

  private void awaitStored(String subject) throws InterruptedException {
    assertThat(stored.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isEqualTo(subject);
  }

  @Test
  void publishesInOrderAndTellsWhatIsStored() throws Exception {
    publish("a", "b", "c");
    List<FakeServer.Sent> sent = server.take("a", "b", "c");
    assertThat(stored).isEmpty();

    sent.get(1).confirm();
    awaitStored("b");
    sent.get(0).confirm();
    awaitStored("a");
    sent.get(2).confirm();
    awaitStored("c");

    assertThat(publisher.stored()).isEqualTo(3);
    assertThat(publisher.repeated()).isZero();
  }

  @Test
  void whatWasNotConfirmedIsPublishedAgainInItsOrderBeforeWhatCameLater() throws Exception {
    publish("a", "b", "c");
    List<FakeServer.Sent> first = server.take("a", "b", "c");
    first.get(1).confirm();
    awaitStored("b");

    first.get(0).refuse("no space");
    assertThat(server.awaitRecovery()).isTrue();
    publish("d");

    List<FakeServer.Sent> again = server.take("a", "c", "d");
    again.forEach(FakeServer.Sent::confirm);
    awaitStored("a");
    awaitStored("c");
    awaitStored("d");
    assertThat(publisher.stored()).isEqualTo(4);
    assertThat(publisher.repeated()).isEqualTo(2);
  }

  @Test
  void waitsUntilTheServerAnswers() throws Exception {
    server.unreachable(3);
    publish("a");

    server.take("a").get(0).refuse("disconnected");

    for (int i = 0; i < 3; i++) {
      assertThat(server.awaitRecovery()).isFalse();
    }
    assertThat(server.awaitRecovery()).isTrue();
    server.take("a").get(0).confirm();
    awaitStored("a");
  }

  @Test
  void aFailureOfAnEarlierAttemptCountsNoMoreAndItsConfirmationDoes() throws Exception {
    publish("a", "b");
    List<FakeServer.Sent> first = server.take("a", "b");
    server.onFailure.accept(new IOException("disconnected"));
    List<FakeServer.Sent> second = server.take("a", "b");

    first.get(0).refuse("timed out");
    first.get(1).confirm();
    awaitStored("b");
    second.get(0).confirm();
    second.get(1).confirm();

    awaitStored("a");
    publish("c");
    server.take("c");
    assertThat(publisher.stored()).isEqualTo(2);
    assertThat(publisher.repeated()).isEqualTo(2);
    assertThat(stored).isEmpty();
  }

  @Test
  void aClientThatRefusesIsAskedAgain() throws Exception {
    server.full();
    publish("a", "b");

    server.take("a", "b").forEach(FakeServer.Sent::confirm);
    awaitStored("a");
    awaitStored("b");
  }

  @Test
  void whatNobodyAnswersIsPublishedAgain() throws Exception {
    publisher.close();
    publisher = publisher(Duration.ofMillis(20));
    publish("a");

    server.take("a");
    server.take("a").get(0).confirm();

    awaitStored("a");
  }

  @Test
  void aBoundedNumberIsUnconfirmed() throws Exception {
    int events = Publisher.MAX_UNCONFIRMED + 2;
    IntStream.range(0, events).forEach(i -> publish(Integer.toString(i)));
    List<FakeServer.Sent> sent = new ArrayList<>();
    for (int i = 0; i < Publisher.MAX_UNCONFIRMED; i++) {
      sent.add(server.take());
    }
    sent.get(1).confirm(); // the oldest is still missing
    awaitStored("1");
    assertThat(server.sent).isEmpty();

    sent.get(0).confirm();

    server.take(Integer.toString(events - 2), Integer.toString(events - 1));
    assertThat(server.sent).isEmpty();
  }

  @Test
  void closingGivesUpWhatIsUnconfirmed() throws Exception {
    server.unreachable(Integer.MAX_VALUE);
    publish("a");
    FakeServer.Sent sent = server.take("a").get(0);
    sent.refuse("disconnected");
    server.awaitRecovery();

    publisher.close();

    assertThat(server.closed).isTrue();
    assertThat(stored).isEmpty();
    assertThat(server.sent).isEmpty();
  }
}
