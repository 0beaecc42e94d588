package dev.sluice.examples.kotlin

import dev.sluice.gateway.Dispatch
import dev.sluice.gateway.EventType
import dev.sluice.gateway.Intents
import dev.sluice.gateway.ShardId
import dev.sluice.gateway.StopMode
import dev.sluice.gateway.netty.SessionStore
import dev.sluice.gateway.netty.ShardManager
import dev.sluice.gateway.testkit.LocalGateway
import java.time.Duration
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.future.await
import kotlinx.coroutines.runBlocking
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows

@Timeout(60)
class FlowPingTest {

  @Test
  fun `answers in the order of the pings`() {
    val lines = mutableListOf<String>()

    runBlocking { answerLocalPings(lines::add) }

    assertThat(lines).containsExactlyElementsOf((1..6).map { "ping $it -> pong" })
  }

  @Test
  fun `an event whose collector failed comes again`() = runBlocking<Unit> {
    LocalGateway.builder().guildCreates(false).start().use { gateway ->
      val store = SessionStore.inMemory()
      fun builder() =
        ShardManager.builder(gateway.token(), Intents.nonPrivileged())
          .apiUri(gateway.apiUri())
          .sessionStore(store)
          .drainTimeout(Duration.ofMillis(1))

      val failing = builder()
      val numbers = failing.events().messages()
      failing.build().use { manager ->
        manager.start().await()
        manager.ready().await()
        for (number in 1..3) {
          gateway.dispatch(ShardId.SINGLE, "MESSAGE_CREATE", "$number".encodeToByteArray()).await()
        }
        val failure =
          assertThrows<IllegalStateException> {
            numbers.collect { number -> check(number < 2) { "number $number" } }
          }
        assertThat(failure).hasMessage("number 2")
        manager.stop(StopMode.RESTART).await()
      }

      val resuming = builder()
      val again = resuming.events().messages()
      resuming.build().use { manager ->
        manager.start().await()
        assertThat(again.first()).isEqualTo(2)
      }
      assertThat(gateway.stats().await().resumes()).isEqualTo(1)
    }
  }

  private fun Flow<Dispatch>.messages(): Flow<Int> =
    filter { it.type() == EventType.MESSAGE_CREATE }.map { it.readTree().asInt() }
}
