package dev.sluice.gateway.netty;

import dev.sluice.gateway.DroppedCommand;
import dev.sluice.gateway.GatewayCommand;

/** A command for a shard, and who is told what became of it: once, on whatever path it ended. */
abstract class PendingCommand implements LoopContext.Task {

  /** What became of it. */
  enum End {
    SENT(CommandOutcome.SENT),
    REFUSED(CommandOutcome.REFUSED),
    OVERWRITTEN(CommandOutcome.OVERWRITTEN),
    SESSION_LOST(CommandOutcome.DROPPED),
    SHARD_ENDED(CommandOutcome.DROPPED),
    WRITE_FAILED(CommandOutcome.DROPPED);

    final CommandOutcome outcome;

    End(CommandOutcome outcome) {
      this.outcome = outcome;
    }

    static End of(DroppedCommand.Reason reason) {
      return switch (reason) {
        case OVERWRITTEN -> OVERWRITTEN;
        case SESSION_LOST -> SESSION_LOST;
        case ENDED -> SHARD_ENDED;
      };
    }
  }

  final Shard shard;
  final GatewayCommand command;

  PendingCommand(Shard shard, GatewayCommand command) {
    this.shard = shard;
    this.command = command;
  }

  /** Counts the end and tells it; on the event loop, or when that has ended on any thread. */
  final void end(End end) {
    switch (end.outcome) {
      case REFUSED -> shard.context().figures.addFromAnyThread(Figure.COMMANDS_REFUSED, 1);
      case DROPPED -> shard.context().figures.addFromAnyThread(Figure.COMMANDS_DROPPED, 1);
      case SENT, OVERWRITTEN, NOT_HERE -> {
        // no fault of this shard
      }
    }
    ended(end);
  }

  /** Tells the end; on the event loop, or when that has ended on any thread. */
  abstract void ended(End end);

  /** Tells that it cannot be sent at all; on the event loop. */
  abstract void failed(RuntimeException failure);

  @Override
  public final void run() {
    shard.queue(this);
  }

  @Override
  public final void refuse() {
    end(End.REFUSED);
  }
}
