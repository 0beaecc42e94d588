package dev.sluice.gateway.testkit;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate for a gateway on loopback, made when it is asked for and signed by an authority of
 * its own, which a client trusts or not. Nothing is written to disk. Immutable.
 */
public final class LocalCertificate {

  private static final Duration VALIDITY = Duration.ofDays(30);

  private final X509Bundle authority;
  private final SslContext serverContext;

  private LocalCertificate(X509Bundle authority, SslContext serverContext) {
    this.authority = authority;
    this.serverContext = serverContext;
  }

  /** {@return a valid certificate of 127.0.0.1 and localhost} */
  public static LocalCertificate valid() {
    return create(
        new CertificateBuilder()
            .subject("CN=localhost")
            .addSanIpAddress("127.0.0.1")
            .addSanDnsName("localhost"));
  }

  /** {@return a certificate of another host, which a client must refuse on loopback} */
  public static LocalCertificate ofAnotherHost() {
    return create(
        new CertificateBuilder()
            .subject("CN=elsewhere.invalid")
            .addSanDnsName("elsewhere.invalid"));
  }

  /**
   * {@return a certificate of 127.0.0.1 and localhost that has expired, which a client must refuse}
   */
  public static LocalCertificate expired() {
    Instant now = Instant.now();
    return create(
        new CertificateBuilder()
            .subject("CN=localhost")
            .addSanIpAddress("127.0.0.1")
            .addSanDnsName("localhost")
            .notBefore(now.minus(VALIDITY))
            .notAfter(now.minus(Duration.ofDays(1))));
  }

  private static LocalCertificate create(CertificateBuilder certificate) {
    try {
      X509Bundle authority =
          new CertificateBuilder()
              .ecp256()
              .subject("CN=Sluice testkit")
              .setIsCertificateAuthority(true)
              .buildSelfSigned();
      X509Bundle leaf =
          certificate.ecp256().addExtendedKeyUsageServerAuth().buildIssuedBy(authority);
      SslContext context =
          SslContextBuilder.forServer(leaf.toKeyManagerFactory())
              .sslProvider(SslProvider.JDK)
              .build();
      return new LocalCertificate(authority, context);
    } catch (Exception e) { // what the builder declares
      throw new IllegalStateException("certificate: not made by this JDK", e);
    }
  }

  /** {@return the certificate of the authority, which a client has to trust} */
  public X509Certificate trustAnchor() {
    return authority.getRootCertificate();
  }

  /** {@return the certificate of the authority in PEM} */
  public String trustAnchorPem() {
    return authority.getRootCertificatePEM();
  }

  /** {@return the trust managers of a client that trusts the authority and nothing else} */
  public TrustManagerFactory trustManagerFactory() {
    return authority.toTrustManagerFactory();
  }

  /** {@return the context of a JDK client that trusts the authority and nothing else} */
  public SSLContext clientContext() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trustManagerFactory().getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("TLS: not offered by this JDK", e);
    }
  }

  /** {@return the context of a server that shows the certificate} */
  public SslContext serverContext() {
    return serverContext;
  }
}
