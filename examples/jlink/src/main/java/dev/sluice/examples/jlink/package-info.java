/** A bot that is linked into a runtime image. */
@NullMarked
package dev.sluice.examples.jlink;

import org.jspecify.annotations.NullMarked;
