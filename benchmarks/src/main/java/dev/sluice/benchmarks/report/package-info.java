/** Tables, bars and charts of {@code docs/}, made of the files of results by one command. */
package dev.sluice.benchmarks.report;
