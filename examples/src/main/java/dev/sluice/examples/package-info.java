/** Small runnable programs, one class each. */
@NullMarked
package dev.sluice.examples;

import org.jspecify.annotations.NullMarked;
