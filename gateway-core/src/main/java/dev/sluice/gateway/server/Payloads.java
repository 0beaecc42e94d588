package dev.sluice.gateway.server;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** The payloads that the server sends, as bytes. */
final class Payloads {

  private Payloads() {}

  static String quote(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }
}
