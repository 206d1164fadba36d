package dev.otasigner.service.oidc;

import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.time.Duration;

/**
 * Fetches an issuer's keys: no redirect is followed, an answer is bounded in size and time, and
 * kept for an hour. A token with a key that is not known asks again, but not more than twice in
 * {@link #INTERVAL}, however many such tokens are sent.
 */
final class IssuerKeys {
  static final Duration INTERVAL = Duration.ofSeconds(30);
  private static final int TIMEOUT_MILLIS = 3_000;
  private static final int MAX_BYTES = 256 * 1024;
  private static final Duration KEPT = Duration.ofHours(1);
  private static final Duration WAITED_FOR = Duration.ofSeconds(7);

  private IssuerKeys() {}

  static JWKSource<SecurityContext> of(URI jwks) {
    try {
      return JWKSourceBuilder.<SecurityContext>create(jwks.toURL(), new Fetch())
          .cache(KEPT.toMillis(), WAITED_FOR.toMillis())
          .refreshAheadCache(false)
          .rateLimited(INTERVAL.toMillis())
          .retrying(false)
          .outageTolerant(false)
          .build();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException("no address: " + jwks, e);
    }
  }

  private static final class Fetch extends DefaultResourceRetriever {
    Fetch() {
      super(TIMEOUT_MILLIS, TIMEOUT_MILLIS, MAX_BYTES);
    }

    /** Elsewhere somebody else may answer for the issuer. */
    @Override
    protected HttpURLConnection openHTTPConnection(URL url) throws IOException {
      HttpURLConnection connection = super.openHTTPConnection(url);
      connection.setInstanceFollowRedirects(false);
      return connection;
    }
  }
}
