/** Brokers as processes of their own, for tests. */
@NullMarked
package dev.sluice.testkit.brokers;

import org.jspecify.annotations.NullMarked;
