package dev.sluice.app;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.kafka.ShardCommands;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Sends a command to a shard of a fleet. */
@Command(
    name = "send",
    description = {
      "Sends a command to the shard that it concerns, wherever that runs: a gateway payload, such as",
      "",
      "  '{\"op\":8,\"d\":{\"guild_id\":\"1\",\"query\":\"\",\"limit\":0}}'",
      "",
      "Without --shard and --guild the guild_id in the payload decides; a presence (op 3) goes to all"
          + " shards. It is delivered at least once, within minutes or not at all.",
      ""
    },
    mixinStandardHelpOptions = true)
final class SendCommand implements Callable<Integer> {

  private static final int SECONDS = 10;

  @ParentCommand private SluiceNode program;
  @Mixin private ConfigOptions options;
  @Spec private CommandSpec spec;

  @ArgGroup private @Nullable To to;

  @Parameters(paramLabel = "PAYLOAD", description = "The payload, as JSON.")
  private String payload;

  /** To which shard. */
  static final class To {

    @Option(names = "--shard", paramLabel = "N", description = "To this shard.")
    private @Nullable Integer shard;

    @Option(names = "--guild", paramLabel = "ID", description = "To the shard of this guild.")
    private @Nullable String guild;

    To() {}
  }

  SendCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailedException {
    NodeConfig config = NodeConfig.of(options.read(program.context()));
    NodeConfig.Kafka kafka = config.withKafka();
    GatewayCommand command = command();
    Logging.quiet();
    try (ShardCommands commands = ShardCommands.create(config.application(), kafka.properties())) {
      await(
          commands.ready(),
          "no fleet "
              + config.application()
              + " at "
              + kafka.properties().get(NodeConfig.BOOTSTRAP)
              + " within "
              + SECONDS
              + " s (expected: one that was started once)");
      await(send(commands, command), "the broker did not take it within " + SECONDS + " s");
      program
          .context()
          .printer()
          .println("sent op " + command.code() + ", fleet of " + commands.shards() + " shards");
    }
    return End.OK;
  }

  private GatewayCommand command() {
    try {
      return GatewayCommand.fromJson(payload);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "payload: " + e.getMessage(), e);
    }
  }

  private CompletionStage<Void> send(ShardCommands commands, GatewayCommand command) {
    try {
      if (to != null && to.shard != null) {
        return commands.send(to.shard, command);
      }
      if (to != null && to.guild != null) {
        return commands.send(Long.parseUnsignedLong(to.guild), command);
      }
      return command instanceof GatewayCommand.UpdatePresence update
          ? commands.updatePresence(update.presence())
          : commands.send(command);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private static void await(CompletionStage<Void> stage, String late)
      throws CommandFailedException {
    try {
      stage.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new CommandFailedException(late);
    } catch (ExecutionException e) {
      throw new CommandFailedException(Checks.reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailedException("interrupted");
    }
  }
}
