package dev.sluice.gateway.kafka;

/** What a crash does to the events that a fleet publishes. */
public enum DeliveryGuarantee {

  /**
   * None is lost; those whose acknowledgement had not been noted yet are published again. Consumers
   * drop them by session and sequence.
   */
  AT_LEAST_ONCE,

  /**
   * None is lost and none is there twice, for consumers that read committed records alone: events
   * and checkpoint are one transaction.
   */
  EXACTLY_ONCE
}
