package dev.sluice.examples.kotlin

import dev.sluice.gateway.Dispatch
import dev.sluice.gateway.netty.DispatchPublisher
import dev.sluice.gateway.netty.ShardManagerBuilder
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.transform
import kotlinx.coroutines.jdk9.asFlow

/**
 * Makes the events of all shards a flow of copies, each good for ever and on any thread.
 *
 * An event is acknowledged when the collector is done with it, so a collector that fails, or a
 * process that ends, gets it again from the resumed session. Operators that go on without their
 * collector, such as `buffer` and `flatMapMerge`, end that: after them acknowledge by hand.
 *
 * A slow collector stops the shards from reading; heartbeats go on. The flow has one collector at a
 * time, and ends when the manager has stopped.
 */
fun ShardManagerBuilder.events(): Flow<Dispatch> {
  val publisher = DispatchPublisher.create()
  acknowledgeByHand().eventSink(publisher)
  return publisher.asFlow().transform { event ->
    emit(event)
    event.acknowledge()
  }
}
