package dev.otasigner.benchmarks;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The service in a process of its own, with one product, asked for one build after the other by
 * several clients at once. The client is a plain socket: it shares the processors with the service.
 */
final class ServiceLoad implements AutoCloseable {
  static final int CLIENTS = 8;

  private final RunningService service;
  private final AtomicInteger builds = new AtomicInteger();
  private final List<String> requestEnds = new ArrayList<>();

  /**
   * What a run showed.
   *
   * @param cpu of the service's process, children not counted
   */
  record Figure(int requests, double seconds, Duration cpu) {
    double perSecond() {
      return requests / seconds;
    }

    double cpuMillis() {
      return cpu.toNanos() / 1e6 / requests;
    }
  }

  /**
   * What is asked for.
   *
   * @param suite of every key
   * @param token where the keys lie
   * @param signedImages with an image key besides the manifest's
   */
  record Builds(String suite, String token, boolean signedImages) {
    List<String> purposes() {
      return signedImages ? List.of("image", "manifest") : List.of("manifest");
    }
  }

  private ServiceLoad(RunningService service) {
    this.service = service;
  }

  /** Starts a service on an empty directory, with products whose builds two keys sign. */
  static ServiceLoad start(Path launcher, Path data, Map<String, String> environment, Builds wanted)
      throws IOException, RejectedException {
    ServiceLoad load = new ServiceLoad(RunningService.first(launcher, data, environment));
    load.prepare(wanted);
    return load;
  }

  private void prepare(Builds wanted) throws IOException, RejectedException {
    try (RunningService.Connection admin = service.connect()) {
      for (String purpose : wanted.purposes()) {
        admin.post(
            "/api/v1/keys",
            "{'name':'"
                + purpose
                + "','purpose':'"
                + purpose
                + "','suite':'"
                + wanted.suite()
                + "','token':'"
                + wanted.token()
                + "'}");
        admin.post("/api/v1/keys/" + purpose + "/activate", "{}");
      }
      byte[] payload = new byte[64 * 1024];
      new Random(1).nextBytes(payload);
      admin.send("PUT", "/api/v1/payloads", "application/octet-stream", payload);
      for (int i = 0; i < CLIENTS; i++) {
        requestEnds.add(product(admin, "/api/v1/products/bench" + i, wanted, Digest.of(payload)));
      }
    }
  }

  /** A product of its own for each client: builds of one become newer, whoever comes first. */
  private static String product(
      RunningService.Connection admin, String path, Builds wanted, Digest payload)
      throws IOException, RejectedException {
    String name = path.substring(path.lastIndexOf('/') + 1);
    admin.post("/api/v1/products", "{'name':'" + name + "'}");
    admin.post(path + "/hardware", "{'id':'gw','revisions':['a']}");
    if (wanted.signedImages()) {
      admin.post(
          path + "/bootloaders",
          "{'id':'boot','hardware':'gw','anchors':[{'key':'image'}],'allowList':true,"
              + "'rollbackProtection':true,'updatable':false,'keyTlv':'keyhash',"
              + "'slotBytes':1048576}");
    }
    String profile =
        admin
            .post(
                path + "/profiles",
                "{'knows':['"
                    + wanted.suite()
                    + "','ed25519'],'manifest':{'rule':{'all':['manifest']}},"
                    + "'lineage':{'name':'main'},'minStrengthBits':112,"
                    + "'tls':{'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],"
                    + "'serverAnchors':['server'],'clientKey':'p-256'},"
                    + "'servers':['localhost'],'ports':[8443]}")
            .string("digest");
    return "','securityCounter':1,'hardware':[{'id':'gw','revisions':['a']}],'format':'"
        + (wanted.signedImages() ? "mcuboot','imageKeys':['image']" : "opaque'")
        + ",'payload':'"
        + payload
        + "','manifestKeys':['manifest'],'profile':'"
        + profile
        + "'}";
  }

  /** Asks for builds for so long. */
  Figure measure(Duration time) throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(CLIENTS);
    long begun = System.nanoTime();
    Duration before = service.cpu();
    long end = begun + time.toNanos();
    try {
      List<Future<Integer>> done = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int product = i;
        done.add(pool.submit(() -> client(product, end)));
      }
      int requests = 0;
      for (Future<Integer> one : done) {
        requests += one.get();
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      return new Figure(requests, seconds, service.cpu().minus(before));
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a client failed", e);
    } finally {
      pool.shutdownNow();
    }
  }

  private int client(int product, long end) throws IOException, RejectedException {
    int requests = 0;
    try (RunningService.Connection connection = service.connect()) {
      while (System.nanoTime() < end) {
        int build = builds.incrementAndGet();
        String version = "2." + (build >> 16) + "." + (build & 0xffff);
        Fields answer =
            connection.post(
                "/api/v1/products/bench" + product + "/requests",
                "{'version':'" + version + requestEnds.get(product));
        if (!answer.string("state").equals("ready")) {
          throw new IOException("not signed: " + answer.json());
        }
        requests++;
      }
    }
    return requests;
  }

  @Override
  public void close() {
    service.close();
  }
}
