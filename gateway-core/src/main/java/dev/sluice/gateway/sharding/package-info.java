/** Sharding arithmetic and the schedule of identifies, without I/O. */
@NullMarked
package dev.sluice.gateway.sharding;

import org.jspecify.annotations.NullMarked;
