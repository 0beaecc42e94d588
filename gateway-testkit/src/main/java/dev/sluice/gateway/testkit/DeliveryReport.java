package dev.sluice.gateway.testkit;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What became of the events of a gateway: the comparison of its {@link DeliveryLog}s with those of
 * the bot. An event is a session and a sequence; the order, and which file of a side it is in, make
 * no difference. RESUMED is in neither side's logs. Immutable.
 *
 * @param sent the events that the gateway recorded
 * @param handled the events that the bot recorded, repeated and unexpected ones too
 * @param missing the events sent that were not handled
 * @param duplicated how many times events were handled again
 * @param corrupted how many times events were handled with another checksum than they were sent
 *     with
 * @param unexpected how many times events were handled that were not sent
 * @param examples the first few of each kind of failure, for a human
 */
public record DeliveryReport(
    long sent,
    long handled,
    long missing,
    long duplicated,
    long corrupted,
    long unexpected,
    List<String> examples) {

  private static final int EXAMPLES_OF_A_KIND = 5;

  /**
   * Copies the examples.
   *
   * @param sent the events that the gateway recorded
   * @param handled the events that the bot recorded, repeated and unexpected ones too
   * @param missing the events sent that were not handled
   * @param duplicated how many times events were handled again
   * @param corrupted how many times events were handled with another checksum than they were sent
   *     with
   * @param unexpected how many times events were handled that were not sent
   * @param examples the first few of each kind of failure, for a human
   */
  public DeliveryReport {
    examples = List.copyOf(examples);
  }

  /**
   * Compares the logs of both sides. Takes 8 bytes of memory an event, and up to twice that while
   * it reads.
   *
   * @param sent the closed logs of the gateway
   * @param handled the closed logs of the bot
   * @return what became of the events
   * @throws IOException if a file cannot be read, or ends within a record because its log was never
   *     closed
   */
  public static DeliveryReport compare(Collection<Path> sent, Collection<Path> handled)
      throws IOException {
    Map<String, Events> sentEvents = read(sent);
    Map<String, Events> handledEvents = read(handled);
    Comparison comparison = new Comparison();
    Events none = new Events();
    for (Map.Entry<String, Events> session : sentEvents.entrySet()) {
      Events counterpart = handledEvents.remove(session.getKey());
      comparison.add(
          session.getKey(), session.getValue(), counterpart == null ? none : counterpart);
    }
    handledEvents.forEach((session, events) -> comparison.add(session, none, events));
    return comparison.report();
  }

  /** {@return whether every event sent was handled, once and as it was sent, and nothing else} */
  public boolean isClean() {
    return missing == 0 && duplicated == 0 && corrupted == 0 && unexpected == 0;
  }

  /** {@return the figures on one line, followed by the examples, one a line} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append("sent ").append(sent).append(", handled ").append(handled);
    text.append(", missing ").append(missing).append(", duplicated ").append(duplicated);
    text.append(", corrupted ").append(corrupted).append(", unexpected ").append(unexpected);
    examples.forEach(example -> text.append('\n').append(example));
    return text.toString();
  }

  private static Map<String, Events> read(Collection<Path> files) throws IOException {
    Map<String, Events> sessions = new TreeMap<>();
    for (Path file : files) {
      try (PushbackInputStream in =
          new PushbackInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
        read(in, sessions);
      } catch (EOFException e) {
        throw new IOException(file + ": ends within a record (expected: a log that was closed)", e);
      }
    }
    sessions.values().forEach(Events::sort);
    return sessions;
  }

  private static void read(PushbackInputStream in, Map<String, Events> sessions)
      throws IOException {
    DataInputStream data = new DataInputStream(in);
    List<Events> numbered = new ArrayList<>();
    for (int first = in.read(); first >= 0; first = in.read()) {
      in.unread(first);
      int number = data.readInt();
      if (number == numbered.size()) {
        numbered.add(sessions.computeIfAbsent(data.readUTF(), id -> new Events()));
      } else if (number < 0 || number > numbered.size()) {
        throw new IOException(
            "session: " + number + " (expected: 0.." + numbered.size() + ", in a delivery log)");
      }
      numbered.get(number).add(data.readInt(), data.readInt());
    }
  }

  /** The events of one session: the sequence above, the checksum below, sorted once complete. */
  private static final class Events {

    private long[] events = new long[64];
    private int size;

    void add(int sequence, int checksum) {
      if (size == events.length) {
        events = Arrays.copyOf(events, size * 2);
      }
      events[size++] = ((long) sequence << Integer.SIZE) | Integer.toUnsignedLong(checksum);
    }

    void sort() {
      Arrays.sort(events, 0, size);
    }

    int sequence(int index) {
      return (int) (events[index] >>> Integer.SIZE);
    }

    int checksum(int index) {
      return (int) events[index];
    }

    /** {@return the index of the first event after the one at an index with another sequence} */
    int next(int index) {
      int next = index + 1;
      while (next < size && sequence(next) == sequence(index)) {
        next++;
      }
      return next;
    }
  }

  /** Adds up what became of the events, session by session. */
  private static final class Comparison {

    private final Kind missing = new Kind("missing");
    private final Kind duplicated = new Kind("duplicated");
    private final Kind corrupted = new Kind("corrupted");
    private final Kind unexpected = new Kind("unexpected");
    private long sentCount;
    private long handledCount;

    void add(String session, Events sent, Events handled) {
      sentCount += sent.size;
      handledCount += handled.size;
      int s = 0;
      int h = 0;
      while (s < sent.size || h < handled.size) {
        if (h == handled.size || (s < sent.size && sent.sequence(s) < handled.sequence(h))) {
          missing.add(session, sent.sequence(s), 1);
          s = sent.next(s);
        } else if (s == sent.size || handled.sequence(h) < sent.sequence(s)) {
          int next = handled.next(h);
          unexpected.add(session, handled.sequence(h), next - h);
          h = next;
        } else {
          int next = handled.next(h);
          duplicated.add(session, handled.sequence(h), next - h - 1);
          for (int i = h; i < next; i++) {
            corrupted.add(session, handled.sequence(i), sameChecksum(sent, s, handled, i) ? 0 : 1);
          }
          s = sent.next(s);
          h = next;
        }
      }
    }

    private static boolean sameChecksum(Events sent, int s, Events handled, int h) {
      return sent.checksum(s) == handled.checksum(h);
    }

    DeliveryReport report() {
      List<String> examples = new ArrayList<>();
      for (Kind kind : List.of(missing, duplicated, corrupted, unexpected)) {
        examples.addAll(kind.examples);
      }
      return new DeliveryReport(
          sentCount,
          handledCount,
          missing.count,
          duplicated.count,
          corrupted.count,
          unexpected.count,
          examples);
    }
  }

  /** One kind of failure. */
  private static final class Kind {

    private final String name;
    private final List<String> examples = new ArrayList<>();
    private long count;

    Kind(String name) {
      this.name = name;
    }

    void add(String session, int sequence, int times) {
      if (times == 0) {
        return;
      }
      count += times;
      if (examples.size() < EXAMPLES_OF_A_KIND) {
        examples.add(name + ": session " + session + ", sequence " + sequence);
      }
    }
  }
}
