package dev.sluice.gateway.testkit.junit;

import dev.sluice.gateway.testkit.LocalGateway;

/** Changes a gateway before it starts; named by {@link LocalGatewayTest#customizer()}. */
@FunctionalInterface
public interface LocalGatewayCustomizer {

  /**
   * Sets what {@link LocalGatewayTest} has no element for, such as TLS or an intent that is not
   * switched on. What the annotation has an element for is set already, and what is set twice is
   * refused. The listener and the handler of the HTTP API are set afterwards, so those that are set
   * here are never called; {@link TestGateway#answerRequests} is for the latter.
   *
   * @param builder the gateway to be
   */
  void customize(LocalGateway.Builder builder);

  /** Changes nothing. */
  final class None implements LocalGatewayCustomizer {

    /** Makes it. */
    public None() {}

    @Override
    public void customize(LocalGateway.Builder builder) {}
  }
}
