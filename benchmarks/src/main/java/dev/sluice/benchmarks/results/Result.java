package dev.sluice.benchmarks.results;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** One line of a results file: what one client or one benchmark showed in one round. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Environment.class, name = "environment"),
  @JsonSubTypes.Type(value = MicroResult.class, name = "micro"),
  @JsonSubTypes.Type(value = FloodResult.class, name = "flood"),
  @JsonSubTypes.Type(value = IdleResult.class, name = "idle"),
  @JsonSubTypes.Type(value = LatencyResult.class, name = "latency"),
})
public sealed interface Result
    permits Environment, MicroResult, FloodResult, IdleResult, LatencyResult {}
