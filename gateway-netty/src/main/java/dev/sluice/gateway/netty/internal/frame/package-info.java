/** What WebSocket asks of messages, on the bytes where they lie. */
@NullMarked
package dev.sluice.gateway.netty.internal.frame;

import org.jspecify.annotations.NullMarked;
