/** JMH benchmarks and end-to-end load. */
package dev.sluice.benchmarks;
