package dev.sluice.gateway.testkit.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives tests a local Discord gateway, as a parameter of type {@link TestGateway} or {@link
 * dev.sluice.gateway.testkit.LocalGateway}.
 *
 * <pre>
 * &#64;LocalGatewayTest
 * class PongTest {
 *
 *   private Bot bot;
 *
 *   &#64;BeforeEach
 *   void start(TestGateway gateway) {
 *     bot = new Bot(gateway.apiUri(), gateway.token());
 *   }
 *
 *   &#64;AfterEach
 *   void stop() {
 *     bot.close();
 *   }
 *
 *   &#64;Test
 *   void answersPing(TestGateway gateway) {
 *     gateway.send(Events.messageCreate().content("!ping")).awaitAnswer().has("/content", "pong");
 *   }
 * }
 * </pre>
 *
 * <p>A gateway lives as long as the scope that first asks for it. Asked for by a test, or by a
 * method that runs before each test or by a constructor, it belongs to that test alone, so that
 * tests can run in parallel. Asked for by a {@code @BeforeAll} method it is shared by the tests of
 * the class and of its {@code @Nested} classes. An annotation on a method or on a nested class
 * takes precedence over that of the class around it, and has gateways of its own.
 *
 * <p>When the scope ends the gateway is closed. A connection that is open then fails the test, for
 * a bot that goes on would disturb others: close the bot in the test or in an {@code @AfterEach}
 * method. A test that fails for another reason is told in the suppressed exceptions of its failure
 * what the gateway saw.
 *
 * <p>For JUnit 6, and JUnit 5 from 5.13.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(LocalGatewayExtension.class)
@SuppressWarnings("exports") // JUnit alone makes the extension
public @interface LocalGatewayTest {

  /**
   * {@return how many shards GET /gateway/bot recommends, at least 1; {@link
   * TestGateway#awaitReady} waits for that many}
   */
  int shards() default 1;

  /**
   * {@return how many shards may identify in 5 s, the {@code max_concurrency} of GET /gateway/bot;
   * 0 for as many as there are shards, so that a test need not wait}
   */
  int maxConcurrency() default 0;

  /**
   * {@return in how many milliseconds an identify bucket admits one IDENTIFY, at least 1; what
   * comes sooner is answered with INVALID_SESSION}
   */
  long identifyWindowMillis() default 5_000;

  /** {@return how many sessions may be started, at least 0; what comes then is refused} */
  int sessionStarts() default 1_000;

  /** {@return the interval of HELLO in milliseconds, at least 1} */
  long heartbeatIntervalMillis() default 41_250;

  /** {@return how many guilds each shard has, 1 to 2500} */
  int guildsPerShard() default 1;

  /** {@return whether each guild of a READY gets its GUILD_CREATE} */
  boolean guildCreates() default true;

  /** {@return the bare bot token that the gateway knows, not empty} */
  String token() default "local-gateway-token";

  /** {@return how many seconds each wait for the bot may last, at least 1} */
  int timeoutSeconds() default 10;

  /** {@return whether connections may be open when the gateway is closed} */
  boolean allowOpenConnections() default false;

  /**
   * {@return what changes the gateway before it starts, for settings that have no element here; a
   * class with a constructor without parameters}
   */
  Class<? extends LocalGatewayCustomizer> customizer() default LocalGatewayCustomizer.None.class;
}
