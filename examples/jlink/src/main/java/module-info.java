/** A bot that is linked into a runtime image. */
module dev.sluice.examples.jlink {
  requires dev.sluice.gateway.netty;
  requires dev.sluice.gateway.testkit;
  requires static org.jspecify;
}
