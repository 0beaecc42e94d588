package dev.sluice.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.TrafficGenerator;
import dev.sluice.gateway.testkit.TrafficMix;
import discord4j.discordjson.json.gateway.MessageCreate;
import discord4j.gateway.json.GatewayPayload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import net.dv8tion.jda.api.utils.data.DataObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PeerParserTest {

  private static final byte[][] PAYLOADS = {messageCreate(1), messageCreate(2), messageCreate(3)};

  private final Deflater deflater = new Deflater();

  @AfterEach
  void endDeflater() {
    deflater.end();
  }

  @Test
  void jdaParsesAPayload() {
    assertThat(new JdaParser().parse(PAYLOADS[0]).getInt("s")).isEqualTo(1);
  }

  @Test
  void jdaInflatesStreamAfterStream() throws Exception {
    JdaParser parser = new JdaParser();

    for (int stream = 0; stream < 2; stream++) {
      for (int i = 0; i < PAYLOADS.length; i++) {
        DataObject parsed = parser.inflateAndParse(deflate(PAYLOADS[i]));

        assertThat(parsed.getInt("s")).isEqualTo(i + 1);
        assertThat(parsed.getString("t")).isEqualTo("MESSAGE_CREATE");
      }
      parser.restart();
      deflater.reset();
    }
  }

  @Test
  void jdaIsGivenWholeMessagesOnly() {
    byte[] message = deflate(PAYLOADS[0]);

    assertThatThrownBy(() -> new JdaParser().inflate(Arrays.copyOf(message, message.length - 1)))
        .isInstanceOf(DataFormatException.class);
  }

  @Test
  void discord4jParsesAPayload() {
    ByteBuf payload = Unpooled.wrappedBuffer(PAYLOADS[0]);

    GatewayPayload<?> parsed = new Discord4jParser().parse(payload);

    assertThat(parsed.getSequence()).isEqualTo(1);
    assertThat(parsed.getData()).isInstanceOf(MessageCreate.class);
    assertThat(payload.refCnt()).isEqualTo(1);
    assertThat(payload.readableBytes()).isEqualTo(PAYLOADS[0].length);
  }

  @Test
  void discord4jDropsAnEventThatItDoesNotKnow() {
    byte[] unknown =
        "{\"t\":\"NEVER_HEARD\",\"s\":1,\"op\":0,\"d\":{}}".getBytes(StandardCharsets.UTF_8);

    assertThat(new Discord4jParser().parse(Unpooled.wrappedBuffer(unknown))).isNull();
  }

  @Test
  void discord4jInflatesStreamAfterStream() {
    Discord4jParser parser = new Discord4jParser();

    // More than the 256 messages that its operators ask for at a time.
    for (int stream = 0; stream < 100; stream++) {
      for (int i = 0; i < PAYLOADS.length; i++) {
        ByteBuf message = Unpooled.wrappedBuffer(deflate(PAYLOADS[i]));

        assertThat(parser.inflateAndParse(message).getSequence()).isEqualTo(i + 1);
        assertThat(message.refCnt()).isEqualTo(1);
      }
      if (stream == 0) {
        parser.restart();
        deflater.reset();
      }
    }
  }

  @Test
  void discord4jIsGivenWholeMessagesOnly() {
    byte[] message = deflate(PAYLOADS[0]);

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Discord4jParser()
                    .inflate(Unpooled.wrappedBuffer(message, 0, message.length - 1)));
  }

  private byte[] deflate(byte[] payload) {
    deflater.setInput(payload);
    byte[] out = new byte[payload.length + 64];
    int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
    return Arrays.copyOf(out, length);
  }

  private static byte[] messageCreate(int sequence) {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, 4, 0, sequence);
    ShardId shard = new ShardId(0, 1);
    while (!generator.next(shard).equals("MESSAGE_CREATE")) {
      // until one comes
    }
    String d = StandardCharsets.UTF_8.decode(generator.data()).toString();
    return ("{\"t\":\"MESSAGE_CREATE\",\"s\":" + sequence + ",\"op\":0,\"d\":" + d + '}')
        .getBytes(StandardCharsets.UTF_8);
  }
}
