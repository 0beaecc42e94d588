/** JMH benchmarks: a class a question. */
package dev.sluice.benchmarks.micro;
