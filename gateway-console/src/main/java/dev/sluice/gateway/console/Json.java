package dev.sluice.gateway.console;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Writes what the console sends. */
final class Json {

  private static final JsonFactory FACTORY = new JsonFactory();
  private static final double NANOS_A_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  /** What one answer consists of. */
  interface Body {
    void writeTo(JsonGenerator json) throws IOException;
  }

  private Json() {}

  static Buffer object(Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1_024);
    write(bytes, body);
    return Buffer.buffer(bytes.toByteArray());
  }

  /** An event of a stream of server-sent events. */
  static Buffer event(String name, Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1_024);
    ascii(bytes, "event: " + name + "\ndata: ");
    write(bytes, body);
    ascii(bytes, "\n\n");
    return Buffer.buffer(bytes.toByteArray());
  }

  private static void ascii(ByteArrayOutputStream bytes, String text) {
    bytes.writeBytes(text.getBytes(US_ASCII));
  }

  private static void write(ByteArrayOutputStream bytes, Body body) {
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      body.writeTo(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // to memory, so it does not happen
    }
  }

  /** A number without decimals that it does not need; none that is not one. */
  static void number(JsonGenerator json, double number) throws IOException {
    if (Double.isNaN(number)) {
      json.writeNull();
    } else if (number == Math.rint(number)) {
      json.writeNumber((long) number);
    } else {
      json.writeNumber(number);
    }
  }

  static void number(JsonGenerator json, String field, double number) throws IOException {
    json.writeFieldName(field);
    number(json, number);
  }

  static void counts(JsonGenerator json, String field, Map<String, Long> counts)
      throws IOException {
    json.writeObjectFieldStart(field);
    for (Map.Entry<String, Long> count : counts.entrySet()) {
      json.writeNumberField(count.getKey(), count.getValue());
    }
    json.writeEndObject();
  }

  /** Nanoseconds as milliseconds, to the microsecond. */
  static double millis(long nanos) {
    return Math.round(nanos / NANOS_A_MILLI * 1_000) / 1_000.0;
  }

  /** To one decimal. */
  static double rounded(double number) {
    return Math.round(number * 10) / 10.0;
  }
}
