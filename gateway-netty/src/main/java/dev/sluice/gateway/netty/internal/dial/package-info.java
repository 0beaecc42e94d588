/** Reaching a host: names, addresses, proxies, and whether the clock can be trusted. */
@NullMarked
package dev.sluice.gateway.netty.internal.dial;

import org.jspecify.annotations.NullMarked;
