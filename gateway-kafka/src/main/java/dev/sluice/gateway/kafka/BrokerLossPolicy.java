package dev.sluice.gateway.kafka;

/** What a node does with its shards while no broker answers it. */
public enum BrokerLossPolicy {

  /**
   * They go on. Events wait in place, for reading pauses once enough of them do, and nothing is
   * lost. Whether another node has the shards meanwhile, this one learns when a broker answers
   * again; until then both may run, and what the former owner writes is refused.
   */
  KEEP_RUNNING,

  /**
   * They are given up once no broker has answered for the session time-out, after which the group
   * may have given them to other nodes. So two nodes run a shard at once for a moment at most, and
   * the bot is offline while the brokers are.
   */
  STOP
}
