package dev.otasigner.service.oidc;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.JsonReader;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.servlet.context.AnnotationConfigServletWebServerApplicationContext;
import org.springframework.boot.web.servlet.DelegatingFilterProxyRegistrationBean;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClient;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.settings.AuthorizationServerSettings;
import org.springframework.security.oauth2.server.authorization.settings.TokenSettings;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;
import org.springframework.security.web.SecurityFilterChain;

/**
 * Spring's authorization server on a port of its own; each client has the claims it was made with.
 */
final class AuthorizationServer implements AutoCloseable {
  private static final String SECRET = "secret-of-the-client";

  private final Clients clients = new Clients();
  private final AtomicInteger keysFetched = new AtomicInteger();
  private final AnnotationConfigServletWebServerApplicationContext context =
      new AnnotationConfigServletWebServerApplicationContext();
  private final RSAKey key;

  AuthorizationServer() {
    try {
      key = new RSAKeyGenerator(2048).keyID("first").generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    context.getBeanFactory().registerSingleton("clients", clients);
    context.getBeanFactory().registerSingleton("key", key);
    context.getBeanFactory().registerSingleton("keysFetched", keysFetched);
    context.register(Server.class);
    context.refresh();
  }

  /** Clients with their claims, by identifier. */
  static final class Clients implements RegisteredClientRepository {
    private final Map<String, Map<String, Object>> claims = new ConcurrentHashMap<>();
    private final Map<String, RegisteredClient> clients = new ConcurrentHashMap<>();

    String add(Map<String, Object> own, Duration lifetime) {
      String id = "client-" + clients.size();
      claims.put(id, own);
      clients.put(
          id,
          RegisteredClient.withId(id)
              .clientId(id)
              .clientSecret("{noop}" + SECRET)
              .clientAuthenticationMethod(ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
              .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
              .tokenSettings(TokenSettings.builder().accessTokenTimeToLive(lifetime).build())
              .build());
      return id;
    }

    Map<String, Object> claims(String id) {
      return claims.getOrDefault(id, Map.of());
    }

    @Override
    public void save(RegisteredClient client) {
      clients.put(client.getClientId(), client); // with its secret encoded anew
    }

    @Override
    public @Nullable RegisteredClient findById(String id) {
      return clients.get(id);
    }

    @Override
    public @Nullable RegisteredClient findByClientId(String id) {
      return clients.get(id);
    }
  }

  /** Not marked as a configuration, or the service under test would find it. */
  @EnableWebSecurity
  static class Server {
    @Bean
    TomcatServletWebServerFactory tomcat() {
      return new TomcatServletWebServerFactory(0);
    }

    @Bean
    FilterRegistrationBean<Filter> counting(AtomicInteger keysFetched) {
      FilterRegistrationBean<Filter> counting =
          new FilterRegistrationBean<>(
              (request, response, chain) -> {
                if (((HttpServletRequest) request).getRequestURI().equals("/oauth2/jwks")) {
                  keysFetched.incrementAndGet();
                }
                chain.doFilter(request, response);
              });
      counting.setOrder(Integer.MIN_VALUE);
      return counting;
    }

    /** Without a servlet there are no filters. */
    @Bean
    ServletRegistrationBean<HttpServlet> nothing() {
      return new ServletRegistrationBean<>(
          new HttpServlet() {
            private static final long serialVersionUID = 1L;
          },
          "/");
    }

    @Bean
    DelegatingFilterProxyRegistrationBean security() {
      return new DelegatingFilterProxyRegistrationBean("springSecurityFilterChain");
    }

    @Bean
    SecurityFilterChain chain(HttpSecurity http) {
      return http.oauth2AuthorizationServer(server -> {})
          .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
          .build();
    }

    @Bean
    JWKSource<SecurityContext> keys(RSAKey key) {
      return new ImmutableJWKSet<>(new JWKSet(key));
    }

    @Bean
    AuthorizationServerSettings settings() {
      return AuthorizationServerSettings.builder().build();
    }

    @Bean
    OAuth2TokenCustomizer<JwtEncodingContext> customizer(Clients clients) {
      return context ->
          context
              .getClaims()
              .claims(c -> c.putAll(clients.claims(context.getRegisteredClient().getClientId())));
    }
  }

  String issuer() {
    return "http://127.0.0.1:" + java.util.Objects.requireNonNull(context.getWebServer()).getPort();
  }

  String jwks() {
    return issuer() + "/oauth2/jwks";
  }

  RSAKey key() {
    return key;
  }

  int keysFetched() {
    return keysFetched.get();
  }

  /** A token as a client gets it over HTTP. */
  String token(Map<String, Object> claims, Duration lifetime) {
    String credentials = clients.add(claims, lifetime) + ":" + SECRET;
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(issuer() + "/oauth2/token"))
            .header(
                "Authorization",
                "Basic "
                    + Base64.getEncoder()
                        .encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString("grant_type=client_credentials"))
            .build();
    try {
      HttpResponse<byte[]> answer =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
      assertThat(answer.statusCode()).isEqualTo(200);
      return JsonReader.readObject(answer.body(), 1024 * 1024).string("access_token");
    } catch (IOException | RejectedException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
