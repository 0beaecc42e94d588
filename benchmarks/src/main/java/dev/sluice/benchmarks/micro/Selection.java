package dev.sluice.benchmarks.micro;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A benchmark with the values of its parameters.
 *
 * @param benchmark its class and method, as {@code RecvBenchmark.recv}
 * @param params the values by parameter; what is missing keeps those of the benchmark
 */
public record Selection(String benchmark, Map<String, List<String>> params) {

  private static final Map<String, List<String>> ONE_TYPE_IN_BOTH_RINGS =
      Map.of("event", List.of("MESSAGE_CREATE"), "messages", List.of("10", "100"));
  private static final Map<String, List<String>> MIXED = Map.of("event", List.of(Messages.MIXED));

  /** What the bars are made of, and nothing else. */
  public static final List<Selection> BARS =
      List.of(
          new Selection("RecvBenchmark.recv", ONE_TYPE_IN_BOTH_RINGS),
          new Selection("RecvBenchmark.copy", ONE_TYPE_IN_BOTH_RINGS),
          new Selection("RecvBenchmark.copyArray", ONE_TYPE_IN_BOTH_RINGS),
          new Selection("RecvBenchmark.jacksonTree", ONE_TYPE_IN_BOTH_RINGS),
          new Selection("CompressedRecvBenchmark.recvZlib", MIXED),
          new Selection("CompressedRecvBenchmark.bareInflater", MIXED),
          new Selection("CompressedRecvBenchmark.recvZstd", MIXED),
          new Selection("CompressedRecvBenchmark.bareZstd", MIXED),
          new Selection("CompressedRecvBenchmark.bareZstdDirect", MIXED),
          new Selection("PayloadSizeBenchmark.recv", Map.of("bytes", List.of("4096", "2097152"))));

  /** Copies the parameters in their order. */
  public Selection {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
  }
}
