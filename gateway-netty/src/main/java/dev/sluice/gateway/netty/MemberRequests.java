package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.GuildMembersChunk;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.RateLimited;
import dev.sluice.gateway.netty.GuildMembersException.Reason;
import dev.sluice.gateway.netty.MemberRequest.Waiter;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests for guild members of one shard that wait for their chunks. Confined to the event
 * loop; made with the first request.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway-events#request-guild-members">Request
 *     Guild Members</a>
 */
final class MemberRequests {

  /*
   * A chunk is known by the nonce of its request. The nonces begin with a mark of the process,
   * because a session that another process began replays the chunks that it asked for.
   *
   * Silence is counted only while the gateway could speak: not before the request was written, not
   * while the shard is reconnecting or does not read, and not as long as RATE_LIMITED said.
   */

  /** The longest that a request may take in all, unless its time-out is longer. */
  static final Duration MAX_TOTAL = Duration.ofMinutes(10);

  private static final Logger log = LoggerFactory.getLogger(MemberRequests.class);
  private static final String NONCE_PREFIX =
      "sluice-" + Integer.toHexString(ThreadLocalRandom.current().nextInt()) + '-';
  private static final AtomicLong NONCES = new AtomicLong();
  private static final long RECHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long MAX_RETRY_NANOS = TimeUnit.HOURS.toNanos(1);

  private final Shard shard;
  private final GatewayConnection connection;
  private final EventLoop eventLoop;
  private final int maxWaiters;
  private final Map<String, MemberRequest> requests = new HashMap<>();
  private int waiters;

  /** The command of a request, and what it means for the request that it was sent or not. */
  private final class Question extends PendingCommand {

    private final MemberRequest request;

    Question(MemberRequest request) {
      super(MemberRequests.this.shard, request.command);
      this.request = request;
    }

    @Override
    void ended(End end) {
      if (request.queued != this) {
        return;
      }
      request.queued = null;
      switch (end) {
        // What a broken transport swallowed is asked again after the resume.
        case SENT, WRITE_FAILED -> request.progressNanos = System.nanoTime();
        case REFUSED, OVERWRITTEN ->
            fail(request, Reason.REFUSED, "refused: too many commands wait, or the shard ends");
        case SESSION_LOST -> fail(request, Reason.SESSION_LOST, "the session was lost");
        case SHARD_ENDED -> fail(request, Reason.SHARD_ENDED, "the shard ended");
      }
    }

    @Override
    void failed(RuntimeException failure) {
      request.queued = null;
      for (Waiter waiter : remove(request)) {
        waiter.future().completeExceptionally(failure);
      }
    }
  }

  /** Leaves behind what the same thread asked before. */
  private final class Leave implements LoopContext.Task {

    private final MemberRequest request;
    private final Waiter waiter;

    Leave(MemberRequest request, Waiter waiter) {
      this.request = request;
      this.waiter = waiter;
    }

    @Override
    public void run() {
      leave(request, waiter);
    }

    @Override
    public void refuse() {} // the event loop has ended, and everything with it
  }

  MemberRequests(Shard shard, GatewayConnection connection, EventLoop eventLoop, int maxWaiters) {
    this.shard = shard;
    this.connection = connection;
    this.eventLoop = eventLoop;
    this.maxWaiters = maxWaiters;
  }

  boolean isEmpty() {
    return requests.isEmpty();
  }

  /** Asks, or lets the caller wait with another one for the same answer. */
  void ask(RequestGuildMembers command, Waiter waiter) {
    if (waiter.future().isDone()) {
      return; // cancelled before it got here
    }
    if (waiters == maxWaiters) {
      waiter.fail(failure(command, Reason.REFUSED, maxWaiters + " answers are waited for already"));
      return;
    }
    waiters++;
    MemberRequest shared = find(command);
    MemberRequest asked = shared == null ? begin(command) : shared;
    asked.waiters.add(waiter);
    // Before the question is out: who sees it and cancels leaves behind what was asked meanwhile.
    waiter.future().whenComplete((answer, failure) -> done(asked, waiter));
    if (shared == null && !asked.waiters.isEmpty()) {
      queue(asked);
    }
    check(asked, waiter);
    long heldBackNanos =
        MemberRequest.isWholeList(command) && asked.queued != null
            ? connection.nanosUntilMemberList(command.guildId())
            : 0;
    if (heldBackNanos > 0) {
      tellHeldBack(waiter, Duration.ofNanos(heldBackNanos));
    }
  }

  private MemberRequest begin(RequestGuildMembers command) {
    MemberRequest request =
        new MemberRequest(
            command.withNonce(NONCE_PREFIX + Long.toString(NONCES.getAndIncrement(), 36)));
    requests.put(nonce(request), request);
    return request;
  }

  /** Takes a look at an event, before anybody else does. */
  void onDispatch(Dispatch dispatch) {
    switch (dispatch.type()) {
      case GUILD_MEMBERS_CHUNK -> onChunk(dispatch);
      case RATE_LIMITED -> onRateLimited(dispatch);
      default -> {}
    }
  }

  /**
   * The session goes on, and everything that it had to say was said again. A request without any
   * chunk by now was lost with the transport, or its answer begins later; then it is not asked
   * again after all.
   */
  void resumed() {
    for (MemberRequest request : requests.values()) {
      if (request.queued == null && !request.heldBack && !request.hasChunks()) {
        queueAgain(request);
      }
    }
  }

  /** What was asked in the session that is lost has no answer; what waits to be asked still can. */
  void sessionLost() {
    failAll(request -> request.queued == null, Reason.SESSION_LOST, "the session was lost");
  }

  /** The shard ends. */
  void ended() {
    failAll(request -> true, Reason.SHARD_ENDED, "the shard ended");
  }

  private @Nullable MemberRequest find(RequestGuildMembers command) {
    if (MemberRequest.isWholeList(command)) {
      for (MemberRequest request : requests.values()) {
        if (request.answers(command)) {
          return request;
        }
      }
    }
    return null;
  }

  private void queue(MemberRequest request) {
    Question question = new Question(request);
    request.queued = question;
    shard.queue(question);
  }

  /** Asks once more, but not now: an event is being handled, or a change of state. */
  private void queueAgain(MemberRequest request) {
    shard.execute(
        () -> {
          boolean wanted = requests.get(nonce(request)) == request;
          if (wanted && request.queued == null && !request.hasChunks()) {
            queue(request);
          }
        });
  }

  private void onChunk(Dispatch dispatch) {
    GuildMembersChunk chunk;
    try {
      chunk = GuildMembersChunk.of(dispatch);
    } catch (IOException e) {
      Logs.of(log.atWarn(), shard.id())
          .log("shard {}: a chunk of members that cannot be read: {}", shard.id(), e.getMessage());
      return;
    }
    MemberRequest request = chunk.nonce() == null ? null : requests.get(chunk.nonce());
    if (request == null || !request.add(chunk, dispatch)) {
      return;
    }
    request.progressNanos = System.nanoTime();
    request.heldBack = false;
    if (request.queued != null) { // the first question was heard after all
      connection.withdraw(request.queued);
      request.queued = null;
    }
    for (Waiter waiter : List.copyOf(request.waiters)) {
      GuildMembersHandler handler = waiter.handler();
      if (handler == null || waiter.future().isDone()) {
        continue;
      }
      try {
        handler.onChunk(shard, chunk, dispatch);
      } catch (Throwable e) { // the event is the application's all the same
        waiter.fail(
            new GuildMembersException(
                Reason.HANDLER_FAILED, describe(request.command) + "the handler failed", e));
      }
    }
    if (request.isComplete()) {
      for (Waiter waiter : remove(request)) {
        waiter.complete(request);
      }
    }
  }

  private void onRateLimited(Dispatch dispatch) {
    RateLimited limited;
    try {
      limited = RateLimited.of(dispatch.readTree());
    } catch (IOException e) {
      Logs.of(log.atDebug(), shard.id())
          .setCause(e)
          .log("shard {}: RATE_LIMITED that cannot be read", shard.id());
      return;
    }
    String nonce = limited.nonce();
    MemberRequest request = nonce == null ? null : requests.get(nonce);
    if (request == null
        || limited.opcode() != Opcode.REQUEST_GUILD_MEMBERS.code()
        || request.hasChunks()) {
      return;
    }
    long retryNanos = Math.min(limited.retryAfter().toNanos(), MAX_RETRY_NANOS);
    request.progressNanos = System.nanoTime() + retryNanos;
    if (MemberRequest.isWholeList(request.command)) {
      request.heldBack = true;
    } else if (request.queued == null) { // only whole lists are asked for again by themselves
      queueAgain(request);
    }
    List.copyOf(request.waiters)
        .forEach(waiter -> tellHeldBack(waiter, Duration.ofNanos(retryNanos)));
  }

  private void tellHeldBack(Waiter waiter, Duration atLeast) {
    GuildMembersHandler handler = waiter.handler();
    if (handler != null) {
      try {
        handler.onHeldBack(shard, atLeast);
      } catch (Throwable e) {
        Logs.of(log.atError(), shard.id())
            .setCause(e)
            .log("shard {}: the handler of guild members failed", shard.id());
      }
    }
  }

  /** Fails a waiter whose time is over, or looks again when it may be. */
  private void check(MemberRequest request, Waiter waiter) {
    waiter.timer = null;
    if (waiter.future().isDone()) {
      return;
    }
    long now = System.nanoTime();
    long total = Math.max(waiter.timeoutNanos, MAX_TOTAL.toNanos());
    long remaining = total - (now - waiter.startNanos);
    boolean speaks =
        request.queued == null && shard.state() == GatewayState.READY && shard.wantsRead();
    if (!speaks && request.progressNanos - now < 0) {
      request.progressNanos = now;
    }
    long silence =
        speaks ? waiter.timeoutNanos - (now - request.progressNanos) : waiter.timeoutNanos;
    if (remaining <= 0 || silence <= 0) {
      waiter.fail(
          failure(
              request.command,
              Reason.TIMED_OUT,
              request.progress()
                  + (remaining <= 0 ? " within " + Duration.ofNanos(total) : " for too long")
                  + (request.queued == null ? "" : ", not sent yet")
                  + " (shard in "
                  + shard.state()
                  + ')'));
      return;
    }
    long delay = Math.min(remaining, speaks ? silence : Math.max(silence, RECHECK_NANOS));
    waiter.timer = eventLoop.schedule(() -> check(request, waiter), delay, TimeUnit.NANOSECONDS);
  }

  /** A caller has its answer, or wants none any more; on any thread. */
  private void done(MemberRequest request, Waiter waiter) {
    if (eventLoop.inEventLoop()) {
      leave(request, waiter);
    } else if (!shard.context().offer(new Leave(request, waiter))) {
      shard.execute(() -> leave(request, waiter)); // too much waits, but this must not be lost
    }
  }

  private void leave(MemberRequest request, Waiter waiter) {
    if (!request.waiters.remove(waiter)) {
      return;
    }
    release(waiter);
    if (request.waiters.isEmpty() && requests.remove(nonce(request), request)) {
      withdraw(request);
    }
  }

  /** Takes a request out, with all who wait for it. */
  private List<Waiter> remove(MemberRequest request) {
    requests.remove(nonce(request), request);
    withdraw(request);
    List<Waiter> left = List.copyOf(request.waiters);
    request.waiters.clear();
    left.forEach(this::release);
    return left;
  }

  private void withdraw(MemberRequest request) {
    PendingCommand queued = request.queued;
    if (queued != null) {
      request.queued = null;
      connection.withdraw(queued);
    }
  }

  private void release(Waiter waiter) {
    waiters--;
    if (waiter.timer != null && eventLoop.inEventLoop()) { // or else the event loop has ended
      waiter.timer.cancel(false);
      waiter.timer = null;
    }
  }

  private void failAll(Predicate<MemberRequest> which, Reason reason, String why) {
    for (MemberRequest request : List.copyOf(requests.values())) {
      if (which.test(request)) {
        fail(request, reason, why);
      }
    }
  }

  private void fail(MemberRequest request, Reason reason, String why) {
    GuildMembersException failure = failure(request.command, reason, why);
    for (Waiter waiter : remove(request)) {
      waiter.fail(failure);
    }
  }

  static GuildMembersException failure(RequestGuildMembers command, Reason reason, String why) {
    return new GuildMembersException(reason, describe(command) + why);
  }

  private static String describe(RequestGuildMembers command) {
    return "members of guild " + Long.toUnsignedString(command.guildId()) + ": ";
  }

  private static String nonce(MemberRequest request) {
    return requireNonNull(request.command.nonce());
  }
}
