/**
 * Shards of the Discord gateway on a shared Netty event loop group. For native transports and for
 * BoringSSL their modules have to be on the module path, or their jars on the class path.
 */
@SuppressWarnings("requires-automatic") // HdrHistogram has no module name of its own
module dev.sluice.gateway.netty {
  requires transitive dev.sluice.gateway;
  requires transitive io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.http;
  requires transitive io.netty.common;
  requires transitive io.netty.handler;
  requires io.netty.handler.proxy;
  requires io.netty.resolver;
  requires io.netty.resolver.dns;
  requires transitive io.netty.transport;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.classes.io_uring;
  requires io.netty.transport.classes.kqueue;
  requires HdrHistogram;
  requires org.jctools.core;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.netty;
}
