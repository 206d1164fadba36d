package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.FileMetadataStore;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.NotFoundException;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;

/** A TUF client of a repository over HTTP, that demands what a lineage's profile would. */
final class HttpCatalogue {
  private final HttpClient client = HttpClient.newHttpClient();
  private final String base;
  private final FileMetadataStore store;
  private final LineagePolicy policy;

  HttpCatalogue(int port, String product, String lineage, boolean postQuantum, Path directory)
      throws IOException, RejectedException {
    this.base = "http://127.0.0.1:" + port + "/catalogue/" + product + "/" + lineage + "/";
    this.store = new FileMetadataStore(Files.createDirectories(directory));
    this.policy =
        new LineagePolicy(
            EnumSet.allOf(SignatureSuite.class), 0, new Profile.Thresholds(1, postQuantum ? 1 : 0));
    if (store.load(Metadata.ROOT).isEmpty()) {
      byte[] root = get("metadata/1.root.json").body();
      Updater.trustRoot(store, root, Digest.of(root));
    }
  }

  HttpResponse<byte[]> get(String path, String... headers) throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  Updater refreshed(Instant now) throws IOException, RejectedException {
    Updater updater = new Updater(store, this::copy, TufLimits.COMMON, policy, now);
    updater.refresh();
    return updater;
  }

  Head head(Instant now) throws IOException, RejectedException {
    return Head.read(refreshed(now).fetchTarget("stable/gw/head.json", Head.MAX_BYTES));
  }

  private void copy(String path, long maxBytes, OutputStream to)
      throws IOException, RejectedException {
    HttpResponse<byte[]> response = get(path);
    if (response.statusCode() == 404) {
      throw new NotFoundException(path);
    }
    if (response.statusCode() != 200) {
      throw new IOException(path + ": " + response.statusCode());
    }
    Fetcher.copy(new ByteArrayInputStream(response.body()), maxBytes, to);
  }
}
