package dev.otasigner.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/** Prints the script that lets a shell complete this command's words. */
@Command(
    name = "completion",
    description = {
      "Print a completion script.",
      "  bash, zsh:  source <(signer completion bash)",
      "  fish:       signer completion fish | source"
    })
public final class CompletionCommand implements Callable<Integer> {
  private final Cli cli;

  /** Shells that a script can be made for. */
  enum Shell {
    BASH,
    ZSH,
    FISH
  }

  @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
  private Shell shell = Shell.BASH;

  CompletionCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() {
    CommandLine all = CommandLines.tree(cli.terminal());
    cli.terminal()
        .out()
        .println(
            switch (shell) {
              // Picocli's script switches zsh to its bash mode by itself.
              case BASH, ZSH -> AutoComplete.bash("signer", all);
              case FISH -> fish(all);
            });
    return 0;
  }

  private static String fish(CommandLine root) {
    List<String> lines = new ArrayList<>();
    lines.add("complete -c signer -f");
    for (Map.Entry<String, CommandLine> group : root.getSubcommands().entrySet()) {
      String name = group.getKey();
      lines.add(word("__fish_use_subcommand", name, group.getValue()));
      String seen = "__fish_seen_subcommand_from " + name;
      for (Map.Entry<String, CommandLine> sub : group.getValue().getSubcommands().entrySet()) {
        lines.add(word(seen, sub.getKey(), sub.getValue()));
        options(lines, seen + "; and __fish_seen_subcommand_from " + sub.getKey(), sub.getValue());
      }
      options(lines, seen, group.getValue());
    }
    return lines.stream().distinct().collect(Collectors.joining("\n"));
  }

  private static String word(String condition, String word, CommandLine command) {
    return "complete -c signer -n '"
        + condition
        + "' -a "
        + word
        + description(command.getCommandSpec().usageMessage().description());
  }

  private static void options(List<String> lines, String condition, CommandLine command) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      String name = option.longestName();
      if (!option.hidden() && name.startsWith("--")) {
        boolean takesValue = option.arity().max() > 0;
        lines.add(
            "complete -c signer -n '"
                + condition
                + "' -l "
                + name.substring(2)
                + (takesValue ? " -r -F" : "")
                + description(option.description()));
      }
    }
  }

  private static String description(String[] lines) {
    return lines.length == 0 ? "" : " -d '" + lines[0].replace("$$", "$").replace("'", "\\'") + "'";
  }
}
