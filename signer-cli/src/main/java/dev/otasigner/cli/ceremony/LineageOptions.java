package dev.otasigner.cli.ceremony;

import dev.otasigner.cli.ServiceClient;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which catalogue it is about. */
final class LineageOptions {
  @Option(names = "--product", required = true)
  private String product = "";

  @Option(names = "--lineage", required = true)
  private String lineage = "";

  String product() {
    return product;
  }

  String lineage() {
    return lineage;
  }

  String path(String... rest) {
    List<String> pieces = new ArrayList<>(List.of("products", product, "lineages", lineage));
    pieces.addAll(List.of(rest));
    return ServiceClient.path(pieces.toArray(String[]::new));
  }
}
