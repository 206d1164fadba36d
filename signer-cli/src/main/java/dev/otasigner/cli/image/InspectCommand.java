package dev.otasigner.cli.image;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.Refusals;
import dev.otasigner.cli.Report;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.mcuboot.McubootImage;
import dev.otasigner.verifier.mcuboot.Tlv;
import dev.otasigner.verifier.mcuboot.TlvType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows what an image says of itself; judges only its structure. */
@Command(
    name = "inspect",
    description = "Show what an image says of itself. Nothing shown here is verified.")
public final class InspectCommand implements Callable<Integer> {
  private static final int SHOWN_BYTES = 32;

  private final Cli cli;

  @Parameters(paramLabel = "IMAGE")
  private Path file = Path.of("");

  @Mixin private final SuiteOptions suites = new SuiteOptions();

  public InspectCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException {
    McubootImage image;
    try {
      image = McubootImage.read(ByteSource.of(file));
    } catch (RejectedException e) {
      throw Refusals.of(e, cli.terminal().show(file));
    }
    Report report = cli.report();
    if (report.json()) {
      report.item(suites.with(image.toJson(), image.signatureSuites()));
    } else {
      describe(report, image);
    }
    suites.warn(report, image.signatureSuites());
    return 0;
  }

  /** What it says of itself, line by line. */
  public static void describe(Report report, McubootImage image) {
    report.line("MCUboot image");
    report.line("version   " + image.header().version());
    report.line(
        String.format(
            Locale.ROOT,
            "header    %d bytes, payload %d bytes at offset %d",
            image.header().headerBytes(),
            image.header().payloadBytes(),
            image.header().headerBytes()));
    List<String> flags = image.header().flagNames();
    report.line("flags     " + (flags.isEmpty() ? "none" : String.join(", ", flags)));
    report.line("");
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("OFFSET", "AREA", "TLV", "BYTES", "VALUE"));
    for (Tlv tlv : image.tlvs()) {
      rows.add(
          List.of(
              Long.toString(tlv.offset()),
              tlv.area().name().toLowerCase(Locale.ROOT),
              TlvType.name(tlv.type()),
              Integer.toString(tlv.value().length()),
              value(tlv)));
    }
    report.table(rows);
    long after = image.lengthBytes() - image.endOffset();
    if (after > 0) {
      report.line("");
      report.line(after + " bytes follow the image, from offset " + image.endOffset());
    }
  }

  private static String value(Tlv tlv) {
    if (tlv.type() == TlvType.SEC_CNT && tlv.value().length() == 4) {
      byte[] bytes = tlv.value().toByteArray();
      long counter = 0;
      for (int i = 3; i >= 0; i--) {
        counter = counter << 8 | bytes[i] & 0xff;
      }
      return Long.toString(counter);
    }
    String hex = tlv.value().hex();
    return hex.length() <= 2 * SHOWN_BYTES ? hex : hex.substring(0, 2 * SHOWN_BYTES) + "...";
  }
}
