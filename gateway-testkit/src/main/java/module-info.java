/** A local Discord gateway for tests, demos and load. */
module dev.sluice.gateway.testkit {
  requires transitive dev.sluice.gateway;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.http;
  requires io.netty.common;
  requires transitive io.netty.handler;
  requires io.netty.pkitesting;
  requires io.netty.resolver;
  requires io.netty.transport;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.testkit;
}
