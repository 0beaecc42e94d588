/** The server role of the gateway protocol, without I/O. */
@NullMarked
package dev.sluice.gateway.server;

import org.jspecify.annotations.NullMarked;
