/**
 * What every implementation of an interface of {@code gateway-netty} has to do, as tests to
 * inherit: {@link dev.sluice.gateway.testkit.contract.SessionStoreContract}, {@link
 * dev.sluice.gateway.testkit.contract.ShardAssignmentContract} and those that extend it, {@link
 * dev.sluice.gateway.testkit.contract.IdentifyLimiterContract}, {@link
 * dev.sluice.gateway.testkit.contract.CommandSourceContract} and {@link
 * dev.sluice.gateway.testkit.contract.EventSinkContract}.
 *
 * <p>A test class extends one and says how the implementation is made. {@code gateway-netty} has to
 * be on the class path of the tests; this module alone does not bring it.
 */
@NullMarked
package dev.sluice.gateway.testkit.contract;

import org.jspecify.annotations.NullMarked;
