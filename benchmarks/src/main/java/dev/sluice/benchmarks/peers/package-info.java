/** Other gateway libraries of the JVM: as clients under load, and what they parse with. */
package dev.sluice.benchmarks.peers;
