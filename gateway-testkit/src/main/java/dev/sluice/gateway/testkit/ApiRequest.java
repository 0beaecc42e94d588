package dev.sluice.gateway.testkit;

/**
 * A request of a bot to Discord's HTTP API. Immutable.
 *
 * @param method in upper case, such as {@code POST}
 * @param path the decoded path below {@code /api/v10}, such as {@code /channels/42/messages}
 * @param query what follows the question mark, as it came; empty if there is none
 * @param body the body as UTF-8, empty if there is none
 */
public record ApiRequest(String method, String path, String query, String body) {

  /** {@return method and path; neither query nor body} */
  @Override
  public String toString() {
    return method + ' ' + path;
  }
}
