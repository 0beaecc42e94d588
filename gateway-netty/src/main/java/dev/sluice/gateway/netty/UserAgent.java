package dev.sluice.gateway.netty;

/** How Sluice introduces itself over HTTP; Discord blocks callers that do not. */
final class UserAgent {

  static final String VALUE = "DiscordBot (https://github.com/sluice-gateway/sluice, 0.1.0)";

  private UserAgent() {}
}
