package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Writes terms by hand, also those that no writer of ours makes. */
final class EtfTerms {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  static EtfTerms terms() {
    return new EtfTerms();
  }

  /** A message: the version, then what follows. */
  static EtfTerms message() {
    return new EtfTerms().hex("83");
  }

  EtfTerms hex(String hex) {
    out.writeBytes(HexFormat.of().parseHex(hex.replace(" ", "")));
    return this;
  }

  EtfTerms atom(String text) {
    return hex("77").octet(text.length()).text(text);
  }

  EtfTerms binary(String text) {
    return hex("6d").size(text.getBytes(UTF_8).length).text(text);
  }

  EtfTerms integer(int value) {
    return hex("62").size(value);
  }

  EtfTerms map(int pairs) {
    return hex("74").size(pairs);
  }

  EtfTerms list(int members) {
    return hex("6c").size(members);
  }

  EtfTerms octet(int octet) {
    out.write(octet);
    return this;
  }

  EtfTerms size(int size) {
    out.writeBytes(ByteBuffer.allocate(4).putInt(size).array());
    return this;
  }

  EtfTerms text(String text) {
    out.writeBytes(text.getBytes(UTF_8));
    return this;
  }

  EtfTerms bytes(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
