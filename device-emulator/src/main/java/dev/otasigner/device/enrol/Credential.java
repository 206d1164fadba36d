package dev.otasigner.device.enrol;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.security.KeyPair;
import java.util.Optional;

/** What shows the service that a device is its maker's own. Its text never tells what it is. */
public sealed interface Credential permits Credential.OneTimeSecret, FactoryCertificate {

  /**
   * The key that the device has already, or empty when it makes one.
   *
   * @param type what the factory build's profile asks for
   * @throws RejectedException PROFILE_UNFIT when the device was born with another kind of key
   */
  Optional<KeyPair> bornKey(ClientKeyType type) throws RejectedException;

  /** Adds it to the request for a certificate. */
  Json.Builder addTo(Json.Builder request) throws IOException;

  /** Known to the service and to the device alone, good for one key. */
  record OneTimeSecret(String secret) implements Credential {
    @Override
    public Optional<KeyPair> bornKey(ClientKeyType type) {
      return Optional.empty();
    }

    @Override
    public Json.Builder addTo(Json.Builder request) {
      return request.put("secret", secret);
    }

    @Override
    public String toString() {
      return "a one-time secret";
    }
  }
}
