package dev.sluice.gateway.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;

/**
 * The stream that events go to.
 *
 * @param name its name
 * @param subjects what it has to take, with a wildcard
 * @param replicas how many servers keep each event, if it is made
 * @param maxAge how long events are kept, if it is made
 */
record EventStream(String name, String subjects, int replicas, Duration maxAge) {

  private static final int NOT_FOUND = 10_059; // JetStream's error code

  /**
   * Makes the stream if it is not there.
   *
   * @return its configuration
   * @throws IllegalStateException if the one that is there does not take or not confirm the events
   */
  StreamConfiguration make(JetStreamManagement management)
      throws IOException, JetStreamApiException {
    try {
      return check(management);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() != NOT_FOUND) {
        throw e;
      }
    }
    // When another process makes it meanwhile, this changes nothing.
    return management
        .addStream(
            StreamConfiguration.builder()
                .name(name)
                .subjects(subjects)
                .storageType(StorageType.File)
                .replicas(replicas)
                .maxAge(maxAge)
                .build())
        .getConfiguration();
  }

  private StreamConfiguration check(JetStreamManagement management)
      throws IOException, JetStreamApiException {
    StreamConfiguration found = management.getStreamInfo(name).getConfiguration();
    if (found.getNoAck()) {
      throw new IllegalStateException(
          "stream " + name + ": no_ack (expected: one that confirms what it has)");
    }
    if (!management.getStreamNames(subjects).contains(name)) {
      throw new IllegalStateException(
          "stream " + name + ": subjects " + found.getSubjects() + " (expected: " + subjects + ')');
    }
    return found;
  }
}
