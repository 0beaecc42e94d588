package dev.sluice.examples.guide;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.DispatchPublisher;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.netty.Workers;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handlers that take their time. */
final class SlowHandlers {

  private static final Logger log = LoggerFactory.getLogger(SlowHandlers.class);

  private SlowHandlers() {}

  static ShardManagerBuilder onThreads(ShardManagerBuilder bot) {
    return bot.workers(Workers.threads(8).orderedByGuild());
  }

  static ShardManagerBuilder onExecutor(ShardManagerBuilder bot, ExecutorService executor) {
    return bot.workers(Workers.executor(executor).capacity(256));
  }

  static DispatchHandler asynchronously(Function<JsonNode, CompletionStage<?>> work) {
    return (shard, dispatch) -> {
      JsonNode event = dispatch.readTree();
      Dispatch copy = dispatch.copy();
      dispatch.defer(); // returning is not the end of it
      work.apply(event).whenComplete((done, failure) -> copy.acknowledge());
    };
  }

  static ShardManagerBuilder asStream(ShardManagerBuilder bot, Consumer<Dispatch> work) {
    DispatchPublisher publisher = DispatchPublisher.create();
    publisher.subscribe(new OneByOne(work));
    return bot.eventSink(publisher);
  }

  /** Asks for the next event when it is done with the last. */
  static final class OneByOne implements Flow.Subscriber<Dispatch> {

    private final Consumer<Dispatch> work;
    private Flow.@Nullable Subscription subscription;

    OneByOne(Consumer<Dispatch> work) {
      this.work = work;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription = subscription;
      subscription.request(1);
    }

    @Override
    public void onNext(Dispatch dispatch) {
      work.accept(dispatch);
      subscription.request(1);
    }

    @Override
    public void onError(Throwable failure) {
      log.error("no more events", failure);
    }

    @Override
    public void onComplete() {
      log.info("the manager has stopped");
    }
  }
}
