/** A fleet on one machine, to look at. */
@NullMarked
package dev.sluice.examples.fleet;

import org.jspecify.annotations.NullMarked;
