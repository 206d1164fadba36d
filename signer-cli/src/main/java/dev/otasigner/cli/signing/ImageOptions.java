package dev.otasigner.cli.signing;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Versions;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the image lies in its slot, under imgtool's names. */
final class ImageOptions {
  private static final Pattern DEPENDENCY =
      Pattern.compile("\\(?\\s*(\\d{1,3})\\s*,\\s*([0-9.+]+)\\s*\\)?");

  @Option(names = "--version", required = true, paramLabel = "V", description = "Such as 34.12.")
  String version = "";

  @Option(
      names = "--security-counter",
      paramLabel = "N",
      description = "The anti-rollback number; small steps only.")
  @Nullable Long securityCounter;

  @Option(
      names = {"-H", "--header-size"},
      paramLabel = "BYTES",
      defaultValue = "0x200",
      description = "Where the payload begins (0x200).")
  String headerSize = "";

  @Option(names = "--pad-header", description = "The payload leaves no room for the header.")
  boolean padHeader;

  @Option(
      names = {"-S", "--slot-size"},
      paramLabel = "BYTES",
      description = "Size of the slot, trailer included.")
  @Nullable String slotSize;

  @Option(names = "--align", defaultValue = "1", description = "Write size of the flash (1).")
  int align = 1;

  @Option(names = "--pad", description = "Fill the slot and write its trailer.")
  boolean pad;

  @Option(names = "--confirm", description = "Pad, and mark the image as confirmed.")
  boolean confirm;

  @Option(
      names = {"-d", "--dependencies"},
      paramLabel = "(ID,V)",
      description = "Other images of the device that must be at least this version.")
  @Nullable List<String> dependencies;

  long headerBytes() {
    return bytes("--header-size", headerSize);
  }

  /** 0 when not given. */
  long slotBytes() {
    return slotSize == null ? 0 : bytes("--slot-size", slotSize);
  }

  /** The members of a signing request that tell of the layout. */
  void describe(Json.Builder request) {
    request
        .put("headerSize", headerBytes())
        .put("padHeader", padHeader)
        .put("align", align)
        .put("pad", pad)
        .put("confirm", confirm);
    if (slotSize != null) {
      request.put("slotSize", slotBytes());
    }
  }

  /** The same for an image that is assembled here. */
  AssembleOptions assembleOptions(boolean pure) {
    try {
      AssembleOptions.Builder options =
          AssembleOptions.of(Versions.parse(version))
              .headerBytes(Math.toIntExact(headerBytes()))
              .slotBytes(slotBytes())
              .align(align);
      if (securityCounter != null) {
        options.securityCounter(securityCounter);
      }
      if (dependencies != null) {
        dependencies.forEach(text -> addDependency(options, text));
      }
      return flags(options, pure).build();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
  }

  private AssembleOptions.Builder flags(AssembleOptions.Builder options, boolean pure) {
    if (padHeader) {
      options.padHeader();
    }
    if (pad) {
      options.pad();
    }
    if (confirm) {
      options.confirm();
    }
    return pure ? options.pure() : options;
  }

  private static void addDependency(AssembleOptions.Builder options, String text) {
    Matcher dependency = DEPENDENCY.matcher(text);
    if (!dependency.matches()) {
      throw CommandFailedException.usage("--dependencies " + text + ": (ID,VERSION) is expected");
    }
    options.dependency(Integer.parseInt(dependency.group(1)), Versions.parse(dependency.group(2)));
  }

  /** Decimal, or hexadecimal after 0x, as imgtool takes them. */
  private static long bytes(String option, String text) {
    try {
      long value = Long.decode(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a negative number.
    }
    throw CommandFailedException.usage(option + ": a number of bytes is expected, such as 0x200");
  }
}
