package dev.sluice.examples.demo;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.testkit.DeliveryLog;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Records every event that it is given, under the session that its shard is in. */
public final class DeliveryHandler implements DispatchHandler {

  private final DeliveryLog log;
  private final Map<ShardId, String> sessions = new ConcurrentHashMap<>();

  /** Records to a log, which the caller closes once no shard runs any more. */
  public DeliveryHandler(DeliveryLog log) {
    this.log = log;
  }

  @Override
  public void onDispatch(Shard shard, Dispatch dispatch) throws IOException {
    if (dispatch.type() == EventType.READY) { // the first event of every session
      sessions.put(shard.id(), dispatch.readTree().path("session_id").asText());
    }
    String session = sessions.getOrDefault(shard.id(), "none");
    log.record(session, dispatch.type(), dispatch.sequence(), dispatch.data());
  }
}
