package dev.otasigner.device.adversary;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/** One question of a device, with what the service would truly answer. */
public final class Asked {
  private final String method;
  private final String path;
  private final byte[] body;
  private final Optional<X509Certificate> shown;
  private final Upstream upstream;

  Asked(
      String method, String path, byte[] body, Optional<X509Certificate> shown, Upstream upstream) {
    this.method = method;
    this.path = path;
    this.body = body.clone();
    this.shown = shown;
    this.upstream = upstream;
  }

  /** What the device sent along, when it posts. */
  public byte[] body() {
    return body.clone();
  }

  /** The certificate by which the device says who it is. */
  public Optional<X509Certificate> shown() {
    return shown;
  }

  boolean isPost(String to) {
    return method.equals("POST") && path.equals(to);
  }

  /** Such as {@code /PRODUCT/LINEAGE/metadata/timestamp.json}. */
  public String path() {
    return path;
  }

  /** The true file, fetched now. */
  public Optional<byte[]> truth() throws IOException {
    return upstream.get(path);
  }

  /** Another file of the same catalogue, as it is now. */
  public Optional<byte[]> truth(String other) throws IOException {
    return upstream.get(other);
  }

  /** Whether it is metadata, and of which name, such as {@code timestamp.json}. */
  boolean isMetadata(String name) {
    return path.contains("/metadata/") && (path.endsWith("/" + name) || path.endsWith("." + name));
  }

  boolean isTarget(String ending) {
    return path.contains("/targets/") && path.endsWith(ending);
  }
}
