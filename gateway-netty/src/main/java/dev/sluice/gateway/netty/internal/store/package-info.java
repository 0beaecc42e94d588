/** Files that hold sessions and the count of session starts, and locks that divide the shards. */
@org.jspecify.annotations.NullMarked
package dev.sluice.gateway.netty.internal.store;
