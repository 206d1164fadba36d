package dev.otasigner.device.cli;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.Pacing;
import dev.otasigner.device.PoweredDevice;
import dev.otasigner.device.WallTimer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;

/** A device that stays on until somebody ends the process. */
final class Staying {
  /** A download that is cut short goes on at the next start. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private Staying() {}

  /** Returns when the device is off. */
  static void run(
      EmulatedDevice device,
      Deferring.Wish wish,
      Pacing pacing,
      long seed,
      BiConsumer<String, String> say)
      throws IOException {
    try (WallTimer timer = new WallTimer()) {
      PoweredDevice powered =
          new PoweredDevice(device, new Deferring(wish, say), timer, pacing, seed);
      Thread ending =
          new Thread(
              () -> {
                boolean isQuiet = powered.switchOff(PATIENCE);
                say.accept(
                    "off",
                    isQuiet
                        ? "nothing was under way"
                        : "what was under way goes on at the next start");
                // Being told to end is how this command ends: by SIGTERM's own code it would not.
                Runtime.getRuntime().halt(ExitCode.DONE);
              },
              "switch-off");
      Runtime.getRuntime().addShutdownHook(ending);
      try {
        powered.switchOn();
        powered.end().toCompletableFuture().get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException trouble) {
          throw trouble;
        }
        throw new IllegalStateException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        withdraw(ending);
      }
    }
  }

  private static void withdraw(Thread ending) {
    try {
      Runtime.getRuntime().removeShutdownHook(ending);
    } catch (IllegalStateException e) {
      // The process is ending: the hook says the last word.
    }
  }
}
