/** Many gateway shards on one Netty event loop group. */
@NullMarked
package dev.sluice.gateway.netty;

import org.jspecify.annotations.NullMarked;
