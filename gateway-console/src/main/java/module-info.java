/** A page, endpoints and controls for a running shard manager. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Micrometer
module dev.sluice.gateway.console {
  requires transitive dev.sluice.gateway.netty;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires dev.sluice.gateway.micrometer;
  requires io.vertx.core;
  requires transitive micrometer.registry.prometheus;
  requires org.jctools.core;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.console;
}
