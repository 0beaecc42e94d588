package dev.sluice.examples.kotlin

import com.fasterxml.jackson.databind.JsonNode
import dev.sluice.gateway.EventType
import dev.sluice.gateway.Intent
import dev.sluice.gateway.Intents
import dev.sluice.gateway.StopMode
import dev.sluice.gateway.netty.ShardManager
import dev.sluice.gateway.netty.ShardManagerBuilder
import dev.sluice.gateway.server.GatewayServerListener
import dev.sluice.gateway.server.ServerSession
import dev.sluice.gateway.testkit.LocalGateway
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.nio.ByteBuffer
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.future.await
import kotlinx.coroutines.runBlocking

private const val PINGS = 6
private const val USER_AGENT = "DiscordBot (https://github.com/sluice-gateway/sluice, 0.1.0)"
private val INTENTS =
  Intents.of(Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES, Intent.MESSAGE_CONTENT)

/**
 * Answers "ping" with "pong" in coroutines: on Discord if `TOKEN` is set, else a few pings of a
 * local gateway. On Discord the bot needs the message content intent, which its owner switches on.
 */
fun main() = runBlocking {
  val token = System.getenv("TOKEN")
  if (token == null) {
    answerLocalPings(::println)
  } else {
    val http = HttpClient.newHttpClient()
    answerPings(ShardManager.builder(token, INTENTS)) { _, ping ->
      val response = http.sendAsync(pong(token, ping), BodyHandlers.discarding()).await()
      println("ping ${ping.path("id").asText()} -> ${response.statusCode()}")
    }
  }
}

/** Answers pings one after another until the manager is stopped; suspends and does not block. */
private suspend fun answerPings(
  builder: ShardManagerBuilder,
  answer: suspend (ShardManager, JsonNode) -> Unit,
) {
  val pings =
    builder
      .events()
      .filter { event -> event.type() == EventType.MESSAGE_CREATE }
      .map { event -> event.readTree() }
      .filter { message -> message.path("content").asText() == "ping" }
  builder.build().use { manager ->
    manager.start().await()
    pings.collect { ping -> answer(manager, ping) }
  }
}

private fun pong(token: String, ping: JsonNode): HttpRequest {
  val channel = ping.path("channel_id").asText()
  return HttpRequest.newBuilder(URI("https://discord.com/api/v10/channels/$channel/messages"))
    .header("Authorization", "Bot $token")
    .header("User-Agent", USER_AGENT)
    .header("Content-Type", "application/json")
    .POST(BodyPublishers.ofString("""{"content":"pong"}"""))
    .build()
}

/** Plays the user, too. */
internal suspend fun answerLocalPings(print: (String) -> Unit) {
  val user =
    object : GatewayServerListener {
      override fun identified(session: ServerSession) {
        for (id in 1..PINGS) {
          val message = """{"id":"$id","channel_id":"42","content":"ping"}"""
          session.dispatch("MESSAGE_CREATE", ByteBuffer.wrap(message.encodeToByteArray()))
        }
      }
    }
  LocalGateway.builder().guildCreates(false).listener(user).start().use { gateway ->
    val builder = ShardManager.builder(gateway.token(), INTENTS).apiUri(gateway.apiUri())
    answerPings(builder) { manager, ping ->
      val id = ping.path("id").asInt()
      print("ping $id -> pong")
      if (id == PINGS) {
        manager.stop(StopMode.GOODBYE) // which ends the flow, once this event is acknowledged
      }
    }
  }
}
