/** Gateway clients under load, each in a JVM of its own, and what they cost. */
package dev.sluice.benchmarks.load;
