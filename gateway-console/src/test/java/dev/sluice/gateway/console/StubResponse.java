package dev.sluice.gateway.console;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A response whose reader reads, or does not. */
final class StubResponse {

  final List<String> written = new ArrayList<>();
  boolean full;
  boolean wasReset;
  @Nullable Handler<Void> closeHandler;

  HttpServerResponse response() {
    return (HttpServerResponse)
        Proxy.newProxyInstance(
            StubResponse.class.getClassLoader(),
            new Class<?>[] {HttpServerResponse.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "write", "end" -> {
                    written.add(((Buffer) arguments[0]).toString());
                    yield Future.succeededFuture();
                  }
                  case "writeQueueFull" -> full;
                  case "reset" -> {
                    wasReset = true;
                    yield Future.succeededFuture();
                  }
                  case "closeHandler" -> {
                    closeHandler = handler(arguments[0]);
                    yield proxy;
                  }
                  case "exceptionHandler", "setWriteQueueMaxSize" -> proxy;
                  default -> throw new UnsupportedOperationException(method.toString());
                });
  }

  @SuppressWarnings("unchecked")
  private static Handler<Void> handler(Object argument) {
    return (Handler<Void>) argument;
  }

  String last() {
    return written.get(written.size() - 1);
  }
}
