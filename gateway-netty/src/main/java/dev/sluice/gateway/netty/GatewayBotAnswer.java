package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayBot;
import java.time.Duration;

/**
 * An answer of GET /gateway/bot and when it was asked for. Immutable.
 *
 * @param gatewayBot the answer
 * @param askedAtNanos the time of {@link System#nanoTime} before it was asked
 */
record GatewayBotAnswer(GatewayBot gatewayBot, long askedAtNanos) {

  /** {@return how long ago it was asked} */
  Duration age() {
    return Duration.ofNanos(System.nanoTime() - askedAtNanos);
  }
}
