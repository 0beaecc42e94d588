package dev.sluice.app;

import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** Runs a node until it is told to end. */
@Command(
    name = "run",
    description = "Runs a node until SIGTERM or Ctrl-C. The default.",
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {

  @ParentCommand private SluiceNode program;
  @Mixin private ConfigOptions options;

  RunCommand() {}

  @Override
  public Integer call() throws ConfigurationException {
    return run(program.context(), options);
  }

  static int run(Context context, ConfigOptions options) throws ConfigurationException {
    Settings settings = options.read(context);
    NodeConfig config = NodeConfig.of(settings).withToken();
    Logging.configure(settings);
    Logger log = LoggerFactory.getLogger(SluiceNode.class); // not before the logs are configured
    settings.warnings().forEach(log::warn);
    log.info("sluice-node {}: {}", Version.text(), config.summary());
    context.stoppable().complete(null);
    End end;
    try (Node node = Nodes.of(config, context.out())) {
      node.start();
      CompletableFuture<End> told =
          context.stop().thenApply(stopped -> new End(End.OK, "told to stop"));
      end = node.ended().toCompletableFuture().applyToEither(told, first -> first).join();
      if (end.exitCode() == End.OK) {
        log.info("{}", end.reason());
      } else {
        log.error("ends with exit code {}: {}", end.exitCode(), end.reason());
      }
    } catch (UncheckedIOException e) {
      log.error("cannot start: {}", Checks.reason(e.getCause()));
      return End.FAILED;
    }
    log.info("stopped");
    return end.exitCode();
  }
}
