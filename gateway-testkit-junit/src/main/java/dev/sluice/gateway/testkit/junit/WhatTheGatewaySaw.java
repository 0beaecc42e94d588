package dev.sluice.gateway.testkit.junit;

import java.io.Serial;

/**
 * Tells beside another failure what the gateway saw. Has no stack trace, for nothing was thrown.
 */
final class WhatTheGatewaySaw extends Exception {

  @Serial private static final long serialVersionUID = 1;

  WhatTheGatewaySaw(String journal) {
    super(journal, null, false, false);
  }
}
