/**
 * Events on their way to the topic, under either guarantee, with the checkpoints that go with them.
 */
@NullMarked
package dev.sluice.gateway.kafka.internal.events;

import org.jspecify.annotations.NullMarked;
