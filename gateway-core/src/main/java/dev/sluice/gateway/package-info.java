/** The Discord gateway protocol as a state machine that does no I/O. */
@NullMarked
package dev.sluice.gateway;

import org.jspecify.annotations.NullMarked;
