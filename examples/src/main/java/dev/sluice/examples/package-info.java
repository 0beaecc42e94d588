/** Small runnable programs, one class each. */
package dev.sluice.examples;
