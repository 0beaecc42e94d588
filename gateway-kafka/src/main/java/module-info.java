/** A fleet of nodes that share the shards of a bot by Apache Kafka. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Kafka, Micrometer
module dev.sluice.gateway.kafka {
  requires transitive dev.sluice.gateway.netty;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires transitive kafka.clients;
  requires org.jctools.core;
  requires org.slf4j;
  requires static transitive micrometer.core;
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.kafka;
}
