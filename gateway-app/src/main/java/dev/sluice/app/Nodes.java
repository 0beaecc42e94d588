package dev.sluice.app;

import java.io.OutputStream;

/** Makes the node that the settings ask for. */
final class Nodes {

  private Nodes() {}

  static Node of(NodeConfig config, OutputStream stdout) {
    Egress egress = Egress.of(config, stdout);
    return config.kafka() != null && config.assignment() == NodeConfig.Assignment.KAFKA
        ? new FleetNode(config, config.kafka(), egress)
        : new SingleNode(config, egress);
  }
}
