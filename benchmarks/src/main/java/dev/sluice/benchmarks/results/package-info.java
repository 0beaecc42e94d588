/** What was measured, as one line of JSON each, and the files that keep it. */
package dev.sluice.benchmarks.results;
