package dev.sluice.app;

import dev.sluice.gateway.kafka.KafkaFleet;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Brings a fleet to another number of shards. */
@Command(
    name = "reshard",
    description = {
      "Brings a fleet to another number of shards while it runs, and waits for that. The nodes start"
          + " the new shards beside the old ones; when all are ready they take over. It needs as many"
          + " session starts as there are new shards.",
      ""
    },
    mixinStandardHelpOptions = true)
final class ReshardCommand implements Callable<Integer> {

  @ParentCommand private SluiceNode program;
  @Mixin private ConfigOptions options;
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private To to;

  /** What is to become of the fleet. */
  static final class To {

    @Option(names = "--shards", paramLabel = "N", description = "To so many shards.")
    private @Nullable Integer shards;

    @Option(
        names = "--cancel",
        description = "Calls off a change whose new shards have not taken over yet.")
    private boolean cancel;

    To() {}
  }

  ReshardCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailedException {
    NodeConfig config = NodeConfig.of(options.read(program.context()));
    NodeConfig.Kafka kafka = config.withKafka();
    Logging.quiet();
    PrintWriter out = program.context().printer();
    Integer shards = to.shards;
    if (shards == null) {
      await(
          KafkaFleet.cancelReshard(config.application(), kafka.properties()).toCompletableFuture());
      out.println("called off; the old shards go on");
      return End.OK;
    }
    if (shards < 1) {
      throw new ParameterException(spec.commandLine(), "--shards: " + shards + " (expected: >= 1)");
    }
    out.println(
        "asks "
            + config.application()
            + " for "
            + shards
            + " shards, and waits; Ctrl-C ends the waiting, not the change");
    long startNanos = System.nanoTime();
    if (!await(
        KafkaFleet.reshard(config.application(), kafka.properties(), shards)
            .toCompletableFuture())) {
      out.println("not done yet; the fleet goes on with it");
      return End.OK;
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
    out.println("done: " + shards + " shards, after " + seconds + " s");
    return End.OK;
  }

  /** {@return whether it is done; false when the program is told to end before} */
  private boolean await(CompletableFuture<Void> change) throws CommandFailedException {
    Context context = program.context();
    context.stoppable().complete(null);
    try {
      return change
          .thenApply(changed -> true)
          .applyToEither(context.stop().thenApply(stopped -> false), done -> done)
          .join();
    } catch (CompletionException e) {
      throw new CommandFailedException(Checks.reason(e));
    }
  }
}
