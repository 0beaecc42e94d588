package dev.sluice.app.fleet;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What became of the events.
 *
 * @param sent how many the gateway gave to its sessions
 * @param lost how many of them are not in the topic, those of abandoned sessions left out
 * @param doubled how often events are there again
 * @param corrupted how many are there with another value
 * @param unexpected how many are there that the gateway did not send
 * @param examples of lost, corrupted and unexpected ones
 */
record Verdict(
    long sent, long lost, long doubled, long corrupted, long unexpected, List<String> examples) {

  private static final int MAX_EXAMPLES = 10;

  /** Compares, session by session, by what stands for them. */
  static Verdict of(Map<String, Sent.Session> allSent, Map<String, Received.Session> allReceived) {
    long size = 0;
    long lost = 0;
    long doubled = 0;
    long corrupted = 0;
    long unexpected = 0;
    List<String> examples = new ArrayList<>();
    for (Map.Entry<String, Sent.Session> entry : allSent.entrySet()) {
      Sent.Session sent = entry.getValue();
      Received.Session received = allReceived.getOrDefault(entry.getKey(), Received.NOTHING);
      size += sent.size();
      for (int sequence = 0; sequence < Math.max(sent.end(), received.end()); sequence++) {
        int times = received.times(sequence);
        String failure = null;
        if (!sent.has(sequence)) {
          unexpected += times;
          failure = times > 0 ? "unexpected" : null;
        } else if (times == 0) {
          lost += sent.isAbandoned() ? 0 : 1;
          failure = sent.isAbandoned() ? null : "lost";
        } else {
          doubled += times - 1;
          if (!sent.has(sequence, received.checksum(sequence))) {
            corrupted++;
            failure = "corrupted";
          }
        }
        if (failure != null && examples.size() < MAX_EXAMPLES) {
          examples.add(failure + ": shard " + sent.shard + ", sequence " + sequence);
        }
      }
    }
    Set<String> unknown = new HashSet<>(allReceived.keySet());
    unknown.removeAll(allSent.keySet());
    for (String key : unknown) {
      unexpected += allReceived.get(key).count();
      examples.add("unexpected: session " + key);
    }
    return new Verdict(size, lost, doubled, corrupted, unexpected, examples);
  }
}
