package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code sluice-node}. */
@Command(
    name = "sluice-node",
    description = {
      "Runs the shards of a Discord bot, alone or as one node of a fleet, and hands their events on.",
      "",
      "The least that it needs: SLUICE_TOKEN=... sluice-node",
      ""
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommands = {
      RunCommand.class,
      CheckCommand.class,
      EventsCommand.class,
      SendCommand.class,
      ReshardCommand.class,
      SettingsCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:it did what it was told, and stopped when it was told to",
      "1:something failed that may go well the next time",
      "2:the command line or the settings are wrong",
      "3:the JVM ran out of memory",
      "4:Discord refuses the bot until somebody changes something; do not start it again"
    })
final class SluiceNode implements Callable<Integer> {

  private static final int USAGE_WIDTH = 96;
  private static final int STOP_MINUTES = 15; // beyond the longest drain

  @Mixin private ConfigOptions options;
  private final Context context;

  SluiceNode(Context context) {
    this.context = context;
  }

  Context context() {
    return context;
  }

  @Override
  public Integer call() throws ConfigurationException {
    return RunCommand.run(context, options);
  }

  /**
   * Runs a command.
   *
   * @param args the command line
   * @return the exit code
   */
  static int execute(Context context, String... args) {
    CommandLine line = new CommandLine(new SluiceNode(context));
    line.setOut(context.printer()).setErr(context.err());
    line.setExecutionExceptionHandler(failures(context));
    line.setParameterExceptionHandler(SluiceNode::wrongCommandLine);
    line.setUsageHelpWidth(USAGE_WIDTH);
    return line.execute(args);
  }

  /** Says what is wrong, and not all that could be right. */
  private static int wrongCommandLine(ParameterException wrong, String[] args) {
    CommandLine line = wrong.getCommandLine();
    PrintWriter err = line.getErr();
    err.println("sluice-node: " + wrong.getMessage());
    UnmatchedArgumentException.printSuggestions(wrong, err);
    err.println("'" + line.getCommandSpec().qualifiedName() + " --help' tells more.");
    return End.USAGE;
  }

  private static IExecutionExceptionHandler failures(Context context) {
    return (failure, line, parsed) -> {
      if (failure instanceof ConfigurationException wrong) {
        context.err().println("sluice-node: the settings are wrong:");
        wrong.problems().forEach(problem -> context.err().println("  " + problem));
        context.err().println("'sluice-node settings' lists all of them.");
        return End.USAGE;
      }
      if (failure instanceof CommandFailedException failed) {
        context.err().println("sluice-node: " + failed.getMessage());
        return End.FAILED;
      }
      throw failure;
    };
  }

  /**
   * Runs a command, and exits with its code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    PrintWriter err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    Context context =
        new Context(
            Map.copyOf(System.getenv()),
            out,
            err,
            new CompletableFuture<>(),
            new CompletableFuture<>());
    AtomicInteger exitCode = new AtomicInteger(End.FAILED);
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(context, ended, exitCode), "stop"));
    exitCode.set(execute(context, args));
    ended.countDown();
    System.exit(exitCode.get());
  }

  /** SIGTERM and Ctrl-C end a JVM without asking; this gives a node the time to store sessions. */
  private static void stop(Context context, CountDownLatch ended, AtomicInteger exitCode) {
    context.stop().complete(null);
    if (!context.stoppable().isDone()) {
      return;
    }
    try {
      if (ended.await(STOP_MINUTES, TimeUnit.MINUTES)) {
        Runtime.getRuntime().halt(exitCode.get()); // else it would be that of the signal
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
