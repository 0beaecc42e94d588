/** The figures of a shard manager as Micrometer meters. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Micrometer
module dev.sluice.gateway.micrometer {
  requires transitive dev.sluice.gateway.netty;
  requires transitive micrometer.core;
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.micrometer;
}
