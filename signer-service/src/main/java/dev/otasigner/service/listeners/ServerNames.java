package dev.otasigner.service.listeners;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * What the certificates of listeners are made out to: this machine, and what the service was
 * started with. A device compares the server it dials with them, and goes on to no other.
 */
public final class ServerNames {
  private static final List<String> THIS_MACHINE = List.of("localhost", "127.0.0.1");

  private final List<String> all;
  private final Set<String> compared = new HashSet<>();

  /**
   * The names.
   *
   * @param more names and addresses, besides those of this machine
   */
  public ServerNames(List<String> more) {
    List<String> names = new ArrayList<>(THIS_MACHINE);
    more.stream().filter(name -> !names.contains(name)).forEach(names::add);
    this.all = List.copyOf(names);
    names.forEach(name -> compared.add(comparable(name)));
  }

  /** Those of this machine first. */
  List<String> all() {
    return all;
  }

  /** Whether a device that dials this server finds it named. */
  public boolean isFor(String server) {
    return compared.contains(comparable(server));
  }

  /** As they stand in a certificate. */
  GeneralNames inCertificate() {
    return new GeneralNames(
        all.stream()
            .map(
                name ->
                    new GeneralName(
                        isAddress(name) ? GeneralName.iPAddress : GeneralName.dNSName, name))
            .toArray(GeneralName[]::new));
  }

  private static boolean isAddress(String name) {
    return name.indexOf(':') >= 0 || name.matches("[0-9.]+");
  }

  /** Case does not tell names apart, nor spelling addresses. */
  private static String comparable(String name) {
    if (isAddress(name)) {
      try {
        return InetAddress.getByName(name).getHostAddress();
      } catch (UnknownHostException e) {
        return name; // no address after all: nothing dials it
      }
    }
    return name.toLowerCase(Locale.ROOT);
  }
}
