/** The parts of the demo. */
@NullMarked
package dev.sluice.examples.demo;

import org.jspecify.annotations.NullMarked;
