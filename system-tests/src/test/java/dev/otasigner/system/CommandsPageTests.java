package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.device.cli.Main;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** docs/reference/commands.md is what the programs say of themselves; see {@link CommandsPage}. */
class CommandsPageTests {
  private static final Path PAGE = Repository.root().resolve("docs/reference/commands.md");

  @Test
  void thePageShowsEveryCommandAndOptionOfThePrograms() throws IOException {
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    Terminal terminal = new Terminal(nowhere, nowhere, Path.of(""), Map.of(), question -> null);
    String page = CommandsPage.of(CommandLines.tree(terminal), new CommandLine(new Main()));
    if (Boolean.getBoolean("commands.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE)).isEqualTo(page);
  }
}
