package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.micrometer.ShardManagerMetrics;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server: which request gets which answer. All of it runs on one event loop, the console's
 * thread, which no shard shares.
 */
final class Server {

  /** The version of what is served as JSON. */
  static final int API = 1;

  private static final Logger log = LoggerFactory.getLogger(Server.class);

  private static final long START_SECONDS = 20;
  private static final long CLOSE_SECONDS = 5;
  private static final long SESSION_SECONDS = 2;
  private static final int MAX_BODY_BYTES = 4_096;
  private static final int MIN_COMPRESSED_BYTES = 1_024;
  private static final int IDLE_SECONDS = 120;

  private static final Pattern SHARD = Pattern.compile("/api/shards/([^/]+)");
  private static final Pattern RECONNECT = Pattern.compile("/api/shards/([^/]+)/reconnect");
  private static final JsonMapper MAPPER = new JsonMapper();

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
          + " font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none';"
          + " form-action 'none'; frame-ancestors 'none'";

  private final ConsoleBuilder settings;
  private final ShardManager manager;
  private final Access access;
  private final Vertx vertx;
  private final Context context;
  private final PageFiles files = new PageFiles();
  private final InstantSource clock = InstantSource.system();
  private final Transitions transitions = new Transitions();
  private final Happenings happenings = new Happenings(transitions, clock);
  private final Operations operations;
  private final Watch watch;
  private final PrometheusMeterRegistry registry;
  private final @Nullable ShardManagerMetrics metrics; // null for a registry of the caller's
  private final HttpServer http;
  private @Nullable CompletableFuture<Void> closing; // guarded by this

  /** What is done with the body of a request that controls. */
  private interface Control {
    Operation begin(JsonNode body, String who);
  }

  private Server(ConsoleBuilder settings) {
    this.settings = settings;
    this.manager = settings.manager;
    List<String> hosts = new ArrayList<>(settings.allowedHosts);
    boolean loopback = settings.listensOnLoopback();
    if (loopback) {
      hosts.add(urlHost(settings.bindAddress));
    }
    // Beyond loopback the token keeps strangers out, and the names are not known.
    this.access =
        new Access(
            loopback || !settings.allowedHosts.isEmpty() ? new AllowedHosts(hosts) : null,
            settings.bearerToken);
    this.vertx =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setUseDaemonThread(true) // a bot that has ended is not to live on for it
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false)));
    this.context = vertx.getOrCreateContext();
    Timeline timeline = new Timeline();
    this.operations = new Operations(settings, timeline, this::execute, clock);
    this.watch =
        new Watch(settings, transitions, happenings, timeline, operations, clock, System::nanoTime);
    if (settings.meterRegistry == null) {
      this.registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      this.metrics = new ShardManagerMetrics(manager);
      this.metrics.bindTo(registry);
    } else {
      this.registry = settings.meterRegistry;
      this.metrics = null;
    }
    this.http =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(settings.bindAddress)
                    .setPort(settings.port)
                    .setHttp2ClearTextEnabled(false)
                    .setCompressionSupported(true)
                    .setCompressionContentSizeThreshold(MIN_COMPRESSED_BYTES)
                    .setIdleTimeout(IDLE_SECONDS)
                    .setTcpNoDelay(true))
            .requestHandler(this::handle);
  }

  /** Starts a server; it listens when this returns. */
  static Server start(ConsoleBuilder settings) {
    Server server = new Server(settings);
    try {
      server
          .http
          .listen()
          .toCompletionStage()
          .toCompletableFuture()
          .get(START_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      server.close();
      throw new UncheckedIOException(new IOException("interrupted before it listened", e));
    } catch (ExecutionException | TimeoutException e) {
      server.close();
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new UncheckedIOException(
          new IOException(
              "cannot listen on "
                  + settings.bindAddress
                  + ':'
                  + settings.port
                  + ": "
                  + cause.getMessage()
                  + " (expected: an address of this machine and a free port; port(0) takes any)",
              cause));
    }
    settings.manager.addListener(server.happenings);
    server.vertx.setPeriodic(Watch.PERIOD_MILLIS, due -> server.watch.everySecond());
    log.info("console listens on {}{}", server.uri(), settings.control ? ", with control" : "");
    return server;
  }

  URI uri() {
    String host = switch (settings.bindAddress) { // one that a browser can go to
          case "0.0.0.0" -> ConsoleBuilder.LOOPBACK;
          case "::", "[::]" -> "::1";
          default -> settings.bindAddress;
        };
    return URI.create("http://" + urlHost(host) + ':' + http.actualPort() + '/');
  }

  private static String urlHost(String address) {
    return address.contains(":") && !address.startsWith("[") ? '[' + address + ']' : address;
  }

  void close() {
    CompletableFuture<Void> closed;
    synchronized (this) {
      if (closing != null) {
        closed = closing;
      } else {
        closed = new CompletableFuture<>();
        closing = closed;
        shutDown(closed);
      }
    }
    try {
      closed.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("the console did not close within {} s", CLOSE_SECONDS, e);
    }
  }

  private void shutDown(CompletableFuture<Void> closed) {
    manager.removeListener(happenings);
    if (metrics != null) {
      metrics.close();
      registry.close();
    }
    execute(
        () -> {
          watch.sayGoodbye();
          vertx
              .close()
              .onComplete(
                  done -> {
                    if (done.succeeded()) {
                      closed.complete(null);
                    } else {
                      closed.completeExceptionally(done.cause());
                    }
                  });
        });
  }

  /** Runs something on the console's thread. */
  void execute(Runnable task) {
    context.runOnContext(due -> task.run());
  }

  /** {@return what reads the manager, on the console's thread} */
  Watch watch() {
    return watch;
  }

  // Requests, on the event loop.

  private void handle(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    response
        .putHeader("Content-Security-Policy", POLICY)
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("Cross-Origin-Opener-Policy", "same-origin")
        .putHeader("Cross-Origin-Resource-Policy", "same-origin");
    answer(
        request,
        () -> {
          String path = request.path() == null ? "" : request.path();
          if (!path.startsWith("/health/")) { // probes call by the address of a pod or a node
            access.checkHost(request);
          }
          route(request, path);
        });
  }

  /** Runs what gives the answer, or says why there is none. */
  private static void answer(HttpServerRequest request, Runnable answer) {
    try {
      answer.run();
    } catch (Refusal e) {
      refuse(request.response(), e);
    } catch (RuntimeException e) {
      fail(request, e);
    }
  }

  private static void fail(HttpServerRequest request, Throwable failure) {
    log.error("console: {} {} failed", request.method(), request.path(), failure);
    refuse(request.response(), new Refusal(500, "failed; the log says why"));
  }

  private void route(HttpServerRequest request, String path) {
    Matcher shard = SHARD.matcher(path);
    Matcher reconnect = RECONNECT.matcher(path);
    if (shard.matches()) {
      method(request, HttpMethod.GET);
      access.checkRead(request);
      shard(request, shard.group(1));
    } else if (reconnect.matches()) {
      Control control = (body, who) -> operations.reconnect(find(request, reconnect.group(1)), who);
      control(request, control);
    } else {
      switch (path) {
        case "/api/console" -> {
          method(request, HttpMethod.GET);
          json(request.response(), 200, Json.object(json -> writeConsole(json, request)));
        }
        case "/api/fleet" -> {
          method(request, HttpMethod.GET);
          access.checkRead(request);
          watch.refresh();
          json(request.response(), 200, Json.object(watch::writeSnapshot));
        }
        case "/api/events" -> {
          method(request, HttpMethod.GET);
          access.checkRead(request);
          events(request);
        }
        case "/metrics" -> {
          method(request, HttpMethod.GET);
          access.checkRead(request);
          metrics(request);
        }
        case "/health/live" -> {
          method(request, HttpMethod.GET);
          FleetHealth health = settings.health.get();
          health(request, health.live(), health);
        }
        case "/health/ready" -> {
          method(request, HttpMethod.GET);
          FleetHealth health = settings.health.get();
          health(request, health.ready(), health);
        }
        case "/api/restart" -> control(request, this::restart);
        case "/api/reshard" -> control(request, this::reshard);
        default -> {
          if (path.startsWith("/api/")) {
            throw notFound(path);
          }
          method(request, HttpMethod.GET);
          file(request, path);
        }
      }
    }
  }

  private static Refusal notFound(String path) {
    return new Refusal(404, "path: " + path + " (expected: one that the console has)");
  }

  private static void method(HttpServerRequest request, HttpMethod allowed) {
    HttpMethod method = request.method();
    if (!method.equals(allowed)
        && !(allowed.equals(HttpMethod.GET) && method.equals(HttpMethod.HEAD))) {
      request.response().putHeader(HttpHeaders.ALLOW, allowed.name());
      throw new Refusal(405, "method: " + method + " (expected: " + allowed + ')');
    }
  }

  private static void refuse(HttpServerResponse response, Refusal refusal) {
    if (response.headWritten()) {
      response.reset();
      return;
    }
    if (refusal.status == 401) {
      response.putHeader("WWW-Authenticate", "Bearer");
    }
    if (refusal.status == 413 || refusal.status == 421) {
      response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE); // what follows is not read
    }
    String message = String.valueOf(refusal.getMessage());
    json(response, refusal.status, Json.object(json -> json.writeStringField("error", message)));
  }

  private static void json(HttpServerResponse response, int status, Buffer body) {
    response
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(body);
  }

  // Reading.

  private void writeConsole(JsonGenerator json, HttpServerRequest request) throws IOException {
    json.writeNumberField("api", API);
    json.writeStringField("version", version());
    json.writeStringField("name", settings.name);
    json.writeStringField("auth", access.asksForToken() ? "bearer" : "none");
    json.writeBooleanField("control", settings.control);
    json.writeBooleanField("authorized", access.mayRead(request));
  }

  private static String version() {
    @Nullable String version = Server.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  private void events(HttpServerRequest request) {
    if (request.method().equals(HttpMethod.HEAD)) {
      throw new Refusal(405, "method: HEAD (expected: GET)"); // what has no end has no length
    }
    HttpServerResponse response =
        request
            .response()
            .setChunked(true)
            .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY) // no wait for more
            .putHeader("X-Accel-Buffering", "no"); // nor in a proxy
    watch.add(response);
  }

  private void metrics(HttpServerRequest request) {
    // Not here: a registry of the caller's may have much to tell, or ask what waits.
    vertx
        .<String>executeBlocking(registry::scrape)
        .onComplete(
            scraped -> {
              if (scraped.succeeded()) {
                request
                    .response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                    .end(scraped.result());
              } else {
                fail(request, scraped.cause());
              }
            });
  }

  private void health(HttpServerRequest request, boolean up, FleetHealth health) {
    json(
        request.response(),
        up ? 200 : 503,
        Json.object(
            json -> {
              json.writeBooleanField("up", up);
              if (access.mayReadReasons(request)) {
                json.writeArrayFieldStart("reasons");
                for (String reason : health.reasons()) {
                  json.writeString(reason);
                }
                json.writeEndArray();
              }
            }));
  }

  private void file(HttpServerRequest request, String path) {
    PageFiles.@Nullable PageFile file =
        files.get(path.equals("/") ? "index.html" : path.substring(Math.min(1, path.length())));
    if (file == null) {
      throw notFound(path);
    }
    HttpServerResponse response =
        request
            .response()
            .putHeader(HttpHeaders.ETAG, file.etag())
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
            .putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
    if (file.etag().equals(request.getHeader(HttpHeaders.IF_NONE_MATCH))) {
      response.setStatusCode(304).end();
    } else {
      response.putHeader(HttpHeaders.CONTENT_TYPE, file.type()).end(file.content());
    }
  }

  private void shard(HttpServerRequest request, String id) {
    watch.refresh();
    ShardRow row = row(request, id);
    ShardId shardId = row.shard.id();
    boolean current = shardId.count() == watch.fleet().currentCount();
    row.shard
        .session()
        .toCompletableFuture()
        .orTimeout(SESSION_SECONDS, TimeUnit.SECONDS) // an event loop may be blocked
        .whenCompleteAsync(
            (session, failure) -> {
              @Nullable Long sequence = session == null ? null : session.sequence();
              answer(
                  request,
                  () -> {
                    ShardDetail detail =
                        new ShardDetail(
                            row,
                            current,
                            manager.hasShardDetails(),
                            sequence,
                            transitions.of(shardId),
                            clock.millis());
                    json(request.response(), 200, Json.object(detail::write));
                  });
            },
            this::execute);
  }

  private Shard find(HttpServerRequest request, String id) {
    return row(request, id).shard;
  }

  private ShardRow row(HttpServerRequest request, String id) {
    Fleet fleet = watch.fleet();
    String said = request.getParam("of");
    int of = said == null ? fleet.currentCount() : number("of", said);
    int wanted = number("shard", id);
    if (wanted >= of) {
      throw new Refusal(
          404,
          "shard: " + wanted + " (expected: " + (of == 0 ? "none yet" : "0.." + (of - 1)) + ')');
    }
    ShardRow row = fleet.row(wanted, of);
    if (row == null) {
      throw new Refusal(404, "shard: " + wanted + " of " + of + " (expected: one that runs here)");
    }
    return row;
  }

  private static int number(String name, String value) {
    if (!value.matches("[0-9]{1,9}")) {
      throw new Refusal(400, name + ": " + value + " (expected: a number)");
    }
    return Integer.parseInt(value);
  }

  // Control.

  private void control(HttpServerRequest request, Control control) {
    if (!settings.control) {
      throw new Refusal(404, "control: off (expected: Console.builder(manager).control(true))");
    }
    method(request, HttpMethod.POST);
    access.checkRead(request);
    access.checkControl(request);
    HttpServerResponse response = request.response();
    Buffer body = Buffer.buffer();
    request.handler(
        part -> {
          if (body.length() + part.length() <= MAX_BODY_BYTES) {
            body.appendBuffer(part);
          } else if (!response.ended()) {
            refuse(response, new Refusal(413, "body: over " + MAX_BODY_BYTES + " bytes"));
          }
        });
    request.endHandler(
        complete -> {
          if (response.ended()) {
            return;
          }
          answer(
              request,
              () -> {
                watch.refresh();
                Operation operation =
                    control.begin(parse(body), request.remoteAddress().hostAddress());
                json(
                    response,
                    202,
                    Json.object(
                        json -> {
                          json.writeFieldName("operation");
                          operation.write(json);
                        }));
              });
        });
  }

  private static JsonNode parse(Buffer body) {
    JsonNode parsed;
    try {
      parsed = MAPPER.readTree(body.getBytes());
    } catch (IOException e) {
      throw new Refusal(400, "body: no JSON (expected: an object)");
    }
    if (!parsed.isObject()) {
      throw new Refusal(400, "body: " + parsed.getNodeType() + " (expected: an object)");
    }
    return parsed;
  }

  private Operation restart(JsonNode body, String who) {
    JsonNode atATime = body.path("atATime");
    boolean known = atATime.canConvertToInt() && atATime.isIntegralNumber();
    int count = atATime.isMissingNode() ? 1 : known ? atATime.intValue() : 0;
    if (count < 1 || count > Operations.MAX_AT_A_TIME) {
      throw new Refusal(
          400, "atATime: " + atATime + " (expected: 1.." + Operations.MAX_AT_A_TIME + ')');
    }
    return operations.restart(watch.fleet().current(), count, who);
  }

  private Operation reshard(JsonNode body, String who) {
    JsonNode count = body.path("shardCount");
    if (!count.isIntegralNumber() || !count.canConvertToInt()) {
      throw new Refusal(
          400,
          "shardCount: "
              + (count.isMissingNode() ? "missing" : count.toString())
              + " (expected: a number)");
    }
    return operations.reshard(watch.fleet().currentCount(), count.intValue(), who);
  }
}
