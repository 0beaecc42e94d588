/** Events of shards out to NATS JetStream. */
@SuppressWarnings("requires-automatic") // jnats is an automatic module
module dev.sluice.gateway.nats {
  requires transitive dev.sluice.gateway.netty;
  requires io.nats.jnats;
  requires org.slf4j;
  requires static transitive org.jspecify;
}
