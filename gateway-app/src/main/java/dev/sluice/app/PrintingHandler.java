package dev.sluice.app;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.Shard;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;

/**
 * Prints events, on the one worker that calls it. An event counts as handled once the reader at the
 * other end of the pipe can have it; while that one is slow, shards pause.
 */
final class PrintingHandler implements DispatchHandler {

  private final OutputStream out;
  private final Consumer<IOException> onFailure;
  private final EventLine line = new EventLine();

  /**
   * @param out where to print
   * @param onFailure is told when that fails, for then nobody reads any more
   */
  PrintingHandler(OutputStream out, Consumer<IOException> onFailure) {
    this.out = out;
    this.onFailure = onFailure;
  }

  @Override
  public void onDispatch(Shard shard, Dispatch dispatch) throws IOException {
    try {
      line.write(
          dispatch.name(),
          shard.id().id(),
          shard.id().count(),
          dispatch.sequence(),
          dispatch.guildId(),
          dispatch.encoding() == Encoding.JSON
              ? dispatch.data()
              : EventLine.data(dispatch.readTree().toString()),
          out);
    } catch (IOException e) {
      onFailure.accept(e);
      throw e;
    }
  }
}
