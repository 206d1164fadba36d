package dev.otasigner.system;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** docs/reference/commands.md, from what the programs themselves parse their arguments with. */
final class CommandsPage {
  private static final String HEAD =
      """
      # Commands

      Written by `CommandsPageTests` from the programs' own description of themselves (`-Dcommands.write=true`
      rewrites the page). Options of a usage line are required; the others are in the table. What every `signer`
      command takes stands once, under [`signer`](#signer); `signer device` is a program of its own, and what its
      commands do is in [device.md](device.md).
      """;

  private final StringBuilder text = new StringBuilder(HEAD);

  private CommandsPage() {}

  /** The page for these programs. */
  static String of(CommandLine... programs) {
    CommandsPage page = new CommandsPage();
    for (CommandLine program : programs) {
      program.setInterpolateVariables(false); // to tell where a default is named already
      page.add(program);
    }
    return page.text.toString();
  }

  private void add(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    boolean isGroup = !command.getSubcommands().isEmpty();
    boolean isOfGroup = spec.parent() != null && spec.parent().parent() != null;
    text.append(isOfGroup ? "\n### " : "\n## ").append(spec.qualifiedName()).append("\n\n");
    text.append(plain(String.join("\n", spec.usageMessage().description()))).append('\n');
    if (!isGroup) {
      text.append("\n`").append(usage(spec)).append("`\n");
    }
    rows(spec);
    String footer = String.join("\n", spec.usageMessage().footer()).strip();
    if (!footer.isEmpty()) {
      text.append("\n```\n").append(plain(footer)).append("\n```\n");
    }
    command.getSubcommands().values().stream().distinct().forEach(this::add);
  }

  private static String usage(CommandSpec spec) {
    List<String> words = path(spec);
    for (PositionalParamSpec positional : spec.positionalParameters()) {
      words.add(positional.required() ? label(positional) : "[" + label(positional) + "]");
    }
    boolean hasMore = own(spec).stream().anyMatch(o -> !o.required());
    return String.join(" ", words) + (hasMore ? " [OPTIONS]" : "");
  }

  /** The command's words, with the options that it and those above it cannot do without. */
  private static List<String> path(CommandSpec spec) {
    List<String> words = spec.parent() == null ? new ArrayList<>() : path(spec.parent());
    words.add(spec.name());
    for (OptionSpec option : own(spec)) {
      if (option.required()) {
        words.add(option.longestName() + " " + label(option));
      }
    }
    return words;
  }

  private void rows(CommandSpec spec) {
    List<ArgSpec> arguments =
        Stream.<ArgSpec>concat(
                spec.positionalParameters().stream()
                    .filter(p -> p.description().length > 0 && !p.hidden()),
                own(spec).stream())
            .toList();
    if (arguments.isEmpty()) {
      return;
    }
    text.append("\n| | |\n|---|---|\n");
    for (ArgSpec argument : arguments) {
      text.append("| `").append(cell(names(argument))).append("` | ");
      text.append(cell(description(argument))).append(" |\n");
    }
  }

  /** Options of this command alone, without those that only print help. */
  private static List<OptionSpec> own(CommandSpec spec) {
    return spec.options().stream()
        .filter(o -> !o.hidden() && !o.inherited())
        .filter(o -> spec.parent() == null || !o.usageHelp() && !o.versionHelp())
        .toList();
  }

  private static String names(ArgSpec argument) {
    if (argument instanceof OptionSpec option) {
      String names = String.join(", ", option.names());
      return option.arity().max() > 0 ? names + " " + label(option) : names;
    }
    return label(argument);
  }

  private static String label(ArgSpec argument) {
    String label = argument.paramLabel();
    String bare =
        label.startsWith("<") && label.endsWith(">")
            ? label.substring(1, label.length() - 1).toUpperCase(java.util.Locale.ROOT)
            : label;
    return argument.isMultiValue() ? bare + "..." : bare;
  }

  private static String description(ArgSpec argument) {
    String written = plain(String.join(" ", argument.description()));
    String value = argument.defaultValue();
    if (value == null || argument.arity().max() == 0) {
      return written;
    }
    String named = written.replace("${DEFAULT-VALUE}", value);
    boolean tells =
        !named.equals(written) || named.contains("(default") || named.contains("(" + value + ")");
    return tells ? named : (named + " (default: " + value + ")").strip();
  }

  /** Without the escapes of a picocli text. */
  private static String plain(String text) {
    return Objects.requireNonNull(text).replace("$$", "$").replace("%n", "\n").replace("%%", "%");
  }

  private static String cell(String text) {
    return text.lines().collect(Collectors.joining(" ")).replace("|", "\\|");
  }
}
