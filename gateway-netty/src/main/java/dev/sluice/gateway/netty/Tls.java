package dev.sluice.gateway.netty;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;

/**
 * TLS with server name indication, and with a certificate that must name the host that was dialled.
 */
final class Tls {

  private static final int HANDSHAKE_TIMEOUT_SECONDS = 10;

  private final SslContext context;

  Tls(SslContext context) {
    this.context = context;
  }

  /** Who does it, for the log. */
  String provider() {
    return context instanceof ReferenceCountedOpenSslContext
        ? String.valueOf(OpenSsl.versionString())
        : "JDK";
  }

  /** Adds the handler {@code ssl} if the URI asks for TLS. */
  void addTo(ChannelPipeline pipeline, URI uri) {
    if (!Uris.isSecure(uri)) {
      return;
    }
    SslHandler handler =
        context.newHandler(pipeline.channel().alloc(), Uris.host(uri), Uris.port(uri));
    SSLParameters parameters = handler.engine().getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    handler.engine().setSSLParameters(parameters);
    handler.setHandshakeTimeout(HANDSHAKE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    pipeline.addLast(PipelineNames.SSL, handler);
  }
}
