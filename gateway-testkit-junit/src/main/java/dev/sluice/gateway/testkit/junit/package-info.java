/**
 * A local Discord gateway for JUnit tests of bots, whatever library they are written with.
 *
 * <p>{@link dev.sluice.gateway.testkit.junit.LocalGatewayTest @LocalGatewayTest} gives a test a
 * {@link dev.sluice.gateway.testkit.junit.TestGateway}: it sends what {@link
 * dev.sluice.gateway.testkit.junit.Events} builds, waits for what the bot does, without sleeping,
 * and tells what it saw when a test fails.
 */
@NullMarked
package dev.sluice.gateway.testkit.junit;

import org.jspecify.annotations.NullMarked;
