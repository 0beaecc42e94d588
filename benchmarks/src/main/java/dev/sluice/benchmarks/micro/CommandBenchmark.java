package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.internal.PayloadWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to write a command, and to take it through the queue and the send budget of a
 * connection? Beside it: Jackson's mapper on a map of the same content. Command and map are made
 * beforehand.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar CommandBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class CommandBenchmark {

  private static final long GUILD_ID = 197038439483310086L;
  private static final long CHANNEL_ID = 157733188964188161L;

  /** Rarer than any limit of the gateway allows. */
  private static final Duration STEP = Duration.ofSeconds(31);

  /** Which command. */
  public enum Kind {
    /** A presence with an activity. */
    UPDATE_PRESENCE,
    /** A voice channel to join. */
    UPDATE_VOICE_STATE,
    /** Members by the beginning of their names. */
    REQUEST_GUILD_MEMBERS
  }

  /** Which command. */
  @Param("UPDATE_PRESENCE")
  public Kind command = Kind.UPDATE_PRESENCE;

  private final JsonMapper mapper = new JsonMapper();
  private final ManualClock clock = new ManualClock();
  private final GatewayConnection connection =
      ReadyConnection.create(ReadyConnection.config(Encoding.JSON, Compression.NONE), clock);

  private GatewayCommand made = UpdateVoiceState.leave(GUILD_ID);
  private Map<String, Object> map = Map.of();

  /** Makes the command, the map of it and a connection that is ready. */
  @Setup
  public void setUp() {
    made =
        switch (command) {
          case UPDATE_PRESENCE ->
              new UpdatePresence(Presence.online(Activity.playing("a game of chess")));
          case UPDATE_VOICE_STATE -> UpdateVoiceState.join(GUILD_ID, CHANNEL_ID);
          case REQUEST_GUILD_MEMBERS -> RequestGuildMembers.byPrefix(GUILD_ID, "ab", 10);
        };
    map = Map.of("op", made.code(), "d", data());
    connection.connecting();
    connection.opened();
    connection.recv(FrameType.TEXT, ByteBuffer.wrap(Messages.hello()));
    ReadyConnection.drain(connection);
    connection.recv(FrameType.TEXT, ByteBuffer.wrap(Messages.ready()));
  }

  /** {@return the payload of the command} */
  @Benchmark
  public byte[] write() {
    return PayloadWriter.command(Encoding.JSON, made);
  }

  /** {@return the payload of the command, out of the connection that it was queued at} */
  @Benchmark
  public Outgoing queueAndSend() {
    clock.advance(STEP);
    connection.queue(made);
    return connection.send();
  }

  /**
   * {@return the payload of the command, by Jackson's mapper from a map: the baseline}
   *
   * @throws JsonProcessingException if it cannot be written
   */
  @Benchmark
  public byte[] jacksonMap() throws JsonProcessingException {
    return mapper.writeValueAsBytes(map);
  }

  /** What an application would put together for each command. */
  private Map<String, Object> data() {
    Map<String, Object> data = new LinkedHashMap<>();
    switch (command) {
      case UPDATE_PRESENCE -> {
        data.put("since", null);
        data.put("activities", List.of(Map.of("name", "a game of chess", "type", 0)));
        data.put("status", "online");
        data.put("afk", false);
      }
      case UPDATE_VOICE_STATE -> {
        data.put("guild_id", Long.toString(GUILD_ID));
        data.put("channel_id", Long.toString(CHANNEL_ID));
        data.put("self_mute", false);
        data.put("self_deaf", false);
      }
      case REQUEST_GUILD_MEMBERS -> {
        data.put("guild_id", Long.toString(GUILD_ID));
        data.put("query", "ab");
        data.put("limit", 10);
        data.put("presences", false);
      }
    }
    return data;
  }
}
