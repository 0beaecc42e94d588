/** What the pages in {@code docs/guide} show. */
@NullMarked
package dev.sluice.examples.guide;

import org.jspecify.annotations.NullMarked;
