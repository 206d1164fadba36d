package dev.otasigner.benchmarks;

import dev.otasigner.verifier.RejectedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Polls of one timestamp over kept connections, of the service and of nginx in turns. What counts
 * is answers for a second of the server's processor time: the clients share the processors with
 * both.
 */
final class Serving {
  static final Path NGINX = Path.of("/usr/sbin/nginx");
  private static final int CLIENTS = 8;
  private static final int TURNS = 3;
  private static final Duration WARM_UP = Duration.ofSeconds(15);
  private static final Duration TURN = Duration.ofSeconds(8);

  private Serving() {}

  private record Figure(double perSecond, double perCpuSecond) {}

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    if (!Files.isExecutable(NGINX)) {
      out.println("\nskipped: polls, because nginx is not there");
      return;
    }
    Path desk = Files.createTempDirectory("benchmark-");
    try {
      Path data = desk.resolve("data");
      Installation.make(launcher, data, false, 1, 1);
      String file = Installation.name(0) + "/main/metadata/timestamp.json";
      int port = Http.freePort();
      Process nginx = nginx(desk, data.resolve("catalogue"), port);
      try (RunningService service = RunningService.again(launcher, data, Installation.SETTINGS)) {
        Supplier<Duration> theirs = () -> nginx.info().totalCpuDuration().orElse(Duration.ZERO);
        poll(service.port(), "/catalogue/" + file, WARM_UP, service::cpu);
        poll(port, "/" + file, Duration.ofSeconds(2), theirs);
        List<Figure> ours = new ArrayList<>();
        List<Figure> yardstick = new ArrayList<>();
        for (int i = 0; i < TURNS; i++) {
          ours.add(poll(service.port(), "/catalogue/" + file, TURN, service::cpu));
          yardstick.add(poll(port, "/" + file, TURN, theirs));
        }
        print(out, middle(ours), middle(yardstick));
      } finally {
        nginx.destroy();
        nginx.onExit().join();
      }
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private static void print(PrintStream out, Figure ours, Figure yardstick) {
    out.println("\n| polls of timestamp.json | the service | nginx | ratio | goal |");
    out.println("|---|---|---|---|---|");
    out.println(
        String.format(
            Locale.ROOT,
            "| for a second of the server's processor time | %.0f | %.0f | %.2f | 0.15 |",
            ours.perCpuSecond(),
            yardstick.perCpuSecond(),
            ours.perCpuSecond() / yardstick.perCpuSecond()));
    out.println(
        String.format(
            Locale.ROOT,
            "| a second, clients on the same processors | %.0f | %.0f | %.2f | |",
            ours.perSecond(),
            yardstick.perSecond(),
            ours.perSecond() / yardstick.perSecond()));
  }

  private static Figure middle(List<Figure> figures) {
    return figures.stream()
        .sorted(Comparator.comparingDouble(Figure::perCpuSecond))
        .toList()
        .get(figures.size() / 2);
  }

  /** One process that serves files and nothing else. */
  private static Process nginx(Path desk, Path root, int port) throws IOException {
    Path configuration = desk.resolve("nginx.conf");
    Files.writeString(
        configuration,
        "daemon off; master_process off; pid "
            + desk.resolve("nginx.pid")
            + ";\nerror_log stderr;\nevents { worker_connections 64; }\n"
            + "http { access_log off; keepalive_requests 100000000; open_file_cache max=64;\n"
            + "  server { listen 127.0.0.1:"
            + port
            + "; root "
            + root
            + "; } }\n");
    Process nginx =
        new ProcessBuilder(NGINX.toString(), "-p", desk.toString(), "-c", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(desk.resolve("nginx.log").toFile())
            .start();
    for (int i = 0; i < 100; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return nginx;
      } catch (IOException e) {
        pause();
      }
    }
    nginx.destroy();
    throw new IOException("nginx does not listen");
  }

  static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Figure poll(int port, String path, Duration time, Supplier<Duration> cpu)
      throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(CLIENTS);
    try {
      long begun = System.nanoTime();
      Duration before = cpu.get();
      long end = begun + time.toNanos();
      List<Future<Integer>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(pool.submit(() -> client(port, path, end)));
      }
      int answers = 0;
      for (Future<Integer> client : clients) {
        answers += client.get();
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      return new Figure(answers / seconds, answers / (cpu.get().minus(before).toNanos() / 1e9));
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a client failed", e);
    } finally {
      pool.shutdownNow();
    }
  }

  private static int client(int port, String path, long end) throws IOException {
    int answers = 0;
    while (System.nanoTime() < end) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        boolean open = true;
        while (open && System.nanoTime() < end) {
          Http.send(out, "GET", path, "", new byte[0]);
          Http.Answer answer = Http.answer(in);
          if (answer.status() != 200 || answer.body().length == 0) {
            throw new IOException(answer.statusLine());
          }
          open = !answer.closing();
          answers++;
        }
      }
    }
    return answers;
  }
}
