/** A local Discord gateway for JUnit tests of bots. */
module dev.sluice.gateway.testkit.junit {
  requires transitive dev.sluice.gateway.testkit;
  requires transitive org.junit.jupiter.api;
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.testkit.junit;

  // JUnit makes the extension, which is nobody else's.
  opens dev.sluice.gateway.testkit.junit to
      org.junit.platform.commons;
}
