package dev.otasigner.device.transport;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.SecureRandom;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLParameters;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.jspecify.annotations.Nullable;

/** Who speaks TLS for the device: the JDK, or Bouncy Castle for groups that the JDK has not. */
enum TlsStack {
  JDK {
    @Override
    SSLContext create() throws GeneralSecurityException {
      return SSLContext.getInstance("TLS");
    }

    @Override
    void restrict(SSLSocket socket, List<String> groups) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setAlgorithmConstraints(OfferedGroups.ofTheJdk(groups));
      socket.setSSLParameters(parameters);
    }
  },

  BOUNCY_CASTLE {
    @Override
    SSLContext create() throws GeneralSecurityException {
      return SSLContext.getInstance("TLS", Lazily.PROVIDER);
    }

    @Override
    void restrict(SSLSocket socket, List<String> groups) {
      BCSSLSocket own = (BCSSLSocket) socket;
      BCSSLParameters parameters = own.getParameters();
      parameters.setNamedGroups(OfferedGroups.inOrder(groups).toArray(String[]::new));
      own.setParameters(parameters);
    }
  };

  /** Most devices never need it, and it takes its time to come up. */
  private static final class Lazily {
    private static final Provider PROVIDER =
        new BouncyCastleJsseProvider(new BouncyCastleProvider());
  }

  /**
   * The stack for these groups.
   *
   * @throws IOException when neither has heard of one of them
   */
  static TlsStack of(List<String> groups) throws IOException {
    for (String group : groups) {
      if (!KeyExchangeGroup.isKnown(group)) {
        throw new IOException("TLS group " + group + " of the profile is unknown to this device");
      }
    }
    return OfferedGroups.areOfTheJdk(groups) ? JDK : BOUNCY_CASTLE;
  }

  abstract SSLContext create() throws GeneralSecurityException;

  /** Has the socket offer these groups, of which there is one at least. */
  abstract void restrict(SSLSocket socket, List<String> groups);

  /** A context of its own, for one connection. */
  SSLContext context(KeyManager @Nullable [] keys, TrustManager[] trust) throws IOException {
    try {
      SSLContext context = create();
      context.init(keys, trust, new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("there is no TLS here", e);
    }
  }
}
