package dev.sluice.gateway.netty;

/** A change of the shard count did not happen. The shards that ran before go on. */
public final class ReshardException extends Exception {

  private static final long serialVersionUID = 1;

  ReshardException(String message) {
    super(message);
  }
}
