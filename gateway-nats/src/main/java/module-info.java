/** Events of shards out to NATS JetStream. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // jnats is such a module
module dev.sluice.gateway.nats {
  requires transitive dev.sluice.gateway.netty;
  requires transitive io.nats.jnats;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.nats;
}
