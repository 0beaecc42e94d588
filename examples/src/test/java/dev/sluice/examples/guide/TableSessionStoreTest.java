package dev.sluice.examples.guide;

import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.testkit.contract.SessionStoreContract;

final class TableSessionStoreTest extends SessionStoreContract {

  private final SessionStore store = new TableSessionStore();

  @Override
  protected SessionStore store() {
    return store;
  }

  @Override
  protected boolean durable() {
    return true;
  }
}
