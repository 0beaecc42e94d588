/** A local Discord gateway for JUnit tests of bots. */
module dev.sluice.gateway.testkit.junit {
  requires transitive dev.sluice.gateway.testkit;
  requires transitive org.junit.jupiter.api;
  requires static transitive dev.sluice.gateway.netty; // for the contracts alone
  requires static transitive org.jspecify;

  exports dev.sluice.gateway.testkit.contract;
  exports dev.sluice.gateway.testkit.junit;

  // JUnit calls their tests, which are nobody else's.
  opens dev.sluice.gateway.testkit.contract to
      org.junit.platform.commons;
  // And makes the extension.
  opens dev.sluice.gateway.testkit.junit to
      org.junit.platform.commons;
}
