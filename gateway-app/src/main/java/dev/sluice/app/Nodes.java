package dev.sluice.app;

import java.io.OutputStream;

/** Makes the node that the settings ask for. */
final class Nodes {

  private Nodes() {}

  static Node of(NodeConfig config, OutputStream stdout) {
    return new SingleNode(config, Egress.of(config, stdout));
  }
}
