package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Predicate;

/** Asks a console, as a page and as tools do. */
final class Client {

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(Resources.TIMEOUT_SECONDS);

  private final URI uri;

  Client(Console console) {
    this.uri = console.uri();
  }

  record Event(String name, JsonNode data) {}

  /** A stream of server-sent events. */
  record Stream(InputStream in, BufferedReader reader) implements AutoCloseable {

    /** The next event; fails at the end of the stream. */
    Event next() throws IOException {
      String name = "";
      while (true) {
        String line = reader.readLine();
        if (line == null) {
          throw new IOException("the stream has ended");
        }
        if (line.startsWith("event: ")) {
          name = line.substring("event: ".length());
        } else if (line.startsWith("data: ")) {
          return new Event(name, MAPPER.readTree(line.substring("data: ".length())));
        }
      }
    }

    /** The next event of a name, or of some, that fulfils a condition. */
    JsonNode await(String name, Predicate<JsonNode> condition) throws IOException {
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      Event event;
      do {
        event = next();
        assertThat(System.nanoTime() - deadline).as("%s; last: %s", name, event).isNegative();
      } while (!event.name.matches(name) || !condition.test(event.data));
      return event.data;
    }

    boolean hasEnded() throws IOException {
      String line = reader.readLine();
      return line == null || (line.isEmpty() && hasEnded());
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    return HTTP.send(request(path, headers).GET().build(), BodyHandlers.ofString());
  }

  HttpResponse<byte[]> bytes(String path, String... headers) throws Exception {
    return HTTP.send(request(path, headers).GET().build(), BodyHandlers.ofByteArray());
  }

  HttpResponse<String> send(String method, String path, String body, String... headers)
      throws Exception {
    return HTTP.send(
        request(path, headers).method(method, HttpRequest.BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString());
  }

  /** Asks for control as the page does. */
  HttpResponse<String> control(String path, String body, String... headers) throws Exception {
    String[] all = new String[headers.length + 4];
    System.arraycopy(
        new String[] {"Content-Type", "application/json", Access.HEADER, "1"}, 0, all, 0, 4);
    System.arraycopy(headers, 0, all, 4, headers.length);
    return send("POST", path, body, all);
  }

  JsonNode json(String path, String... headers) throws Exception {
    return parse(get(path, headers));
  }

  static JsonNode parse(HttpResponse<String> response) throws IOException {
    return MAPPER.readTree(response.body());
  }

  Stream events(String... headers) throws Exception {
    HttpResponse<InputStream> response =
        HTTP.send(request("/api/events", headers).GET().build(), BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException("status " + response.statusCode());
    }
    return new Stream(
        response.body(),
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8)));
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri.resolve(path)).timeout(TIMEOUT);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request;
  }
}
