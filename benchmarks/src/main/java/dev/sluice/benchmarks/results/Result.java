package dev.sluice.benchmarks.results;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** One line of a results file. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Environment.class, name = "environment"),
  @JsonSubTypes.Type(value = MicroResult.class, name = "micro"),
  @JsonSubTypes.Type(value = FloodResult.class, name = "flood"),
  @JsonSubTypes.Type(value = IdleResult.class, name = "idle"),
  @JsonSubTypes.Type(value = LatencyResult.class, name = "latency"),
})
public sealed interface Result permits Environment, Measured {}
