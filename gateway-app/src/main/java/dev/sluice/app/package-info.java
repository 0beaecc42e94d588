/** The node: a program that runs a gateway fleet. */
@NullMarked
package dev.sluice.app;

import org.jspecify.annotations.NullMarked;
