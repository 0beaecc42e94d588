package dev.sluice.gateway.testkit;

/**
 * Stands for the part of Discord's HTTP API that is not about the gateway, so that a bot under test
 * can answer what it is sent. {@link LocalGateway.Builder#api} takes one.
 *
 * <pre>{@code
 * Queue<ApiRequest> requests = new ConcurrentLinkedQueue<>();
 * LocalGateway.builder()
 *     .api(
 *         request -> {
 *           requests.add(request);
 *           return request.path().equals("/channels/42/messages")
 *               ? new ApiResponse(200, "{\"id\":\"1\"}")
 *               : ApiHandler.interactions().handle(request);
 *         })
 *     .start();
 * }</pre>
 */
@FunctionalInterface
public interface ApiHandler {

  /**
   * Answers one request. Called on the event loop of the gateway; must not block. What it throws
   * ends the connection of the request.
   *
   * @param request the request, of a bot that has shown the token where that is needed
   * @return the answer
   */
  ApiResponse handle(ApiRequest request);

  /**
   * {@return a handler that takes answers to interactions, and knows no other path} {@code POST
   * /interactions/{id}/{token}/callback} is answered with 204 if its body is JSON with a {@code
   * type}, else with 400 as Discord does. Which interaction that was is not looked at: unlike
   * Discord it takes a second answer, and one that comes late.
   *
   * @see <a
   *     href="https://discord.com/developers/docs/interactions/receiving-and-responding#create-interaction-response">Create
   *     interaction response</a>
   */
  static ApiHandler interactions() {
    return InteractionCallbacks.INSTANCE;
  }
}
