/** A local Discord gateway on loopback for tests, demos and load. */
@NullMarked
package dev.sluice.gateway.testkit;

import org.jspecify.annotations.NullMarked;
