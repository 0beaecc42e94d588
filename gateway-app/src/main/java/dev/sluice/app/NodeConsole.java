package dev.sluice.app;

import dev.sluice.gateway.console.Console;
import dev.sluice.gateway.console.ConsoleBuilder;
import dev.sluice.gateway.micrometer.ShardManagerMetrics;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ShardManager;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The console of a node, if it has one: page, metrics and probes of the manager that it shows. */
final class NodeConsole implements AutoCloseable {

  private final NodeConfig config;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private boolean closed;
  private @Nullable Console console;
  private @Nullable ShardManagerMetrics metrics;

  NodeConsole(NodeConfig config) {
    this.config = config;
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  /** {@return the registry that the console shows; for others to add their meters} */
  PrometheusMeterRegistry registry() {
    return registry;
  }

  /**
   * Shows a manager from now on, in place of the one before.
   *
   * @param health what the probes say
   * @throws java.io.UncheckedIOException if it cannot listen
   */
  synchronized void show(ShardManager manager, Supplier<FleetHealth> health) {
    hide();
    NodeConfig.ConsoleConfig settings = config.console();
    if (settings == null || closed) {
      return;
    }
    metrics = new ShardManagerMetrics(manager);
    metrics.bindTo(registry);
    ConsoleBuilder builder =
        Console.builder(manager)
            .name(config.application())
            .port(settings.port())
            .bindAddress(settings.bindAddress())
            .control(settings.control())
            .health(health)
            .meterRegistry(registry);
    if (settings.token() != null) {
      builder.bearerToken(settings.token().value());
    }
    settings.allowedHosts().forEach(builder::allowedHost);
    console = builder.start();
  }

  /** {@return where the console is, null if there is none} */
  synchronized @Nullable URI uri() {
    return console == null ? null : console.uri();
  }

  private void hide() {
    if (console != null) {
      console.close();
      console = null;
    }
    if (metrics != null) {
      metrics.close();
      metrics = null;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    hide();
    collections.close();
    registry.close();
  }
}
