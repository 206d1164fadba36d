package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.Report;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One key's rotation at the service: looked at, gone on with, given up. */
final class KeyRotationSteps {
  private static final String OPEN = "open";

  private final Cli cli;
  private final String product;

  KeyRotationSteps(Cli cli, String product) {
    this.cli = cli;
    this.product = product;
  }

  int plan(String oldKey, String newKey) {
    return shown(
        new KeyRotationText(
            cli.service()
                .post(path("products", product, "rotation", "plan"), keys(oldKey, newKey))));
  }

  int start(String oldKey, String newKey) {
    return shown(
        new KeyRotationText(
            cli.service().post(path("products", product, "rotations"), keys(oldKey, newKey))));
  }

  private static Json keys(String oldKey, String newKey) {
    return Json.object().put("oldKey", oldKey).put("newKey", newKey).build();
  }

  private int shown(KeyRotationText place) {
    if (cli.report().json()) {
      cli.report().result(place.json(), "");
    } else {
      place.show(cli.report());
    }
    return ExitCode.DONE.status();
  }

  /** One; the exit code tells whether it waits for a build or for devices. */
  int status(long id) {
    KeyRotationText place = ask(id);
    shown(place);
    return (place.isWaiting() ? ExitCode.WAITING : ExitCode.DONE).status();
  }

  /** All that are open. */
  int status() {
    List<Json> open = new ArrayList<>();
    for (Json.Obj one : Report.items(cli.service().list(path("products", product, "rotations")))) {
      KeyRotationText head = new KeyRotationText(one);
      if (head.state().equals(OPEN)) {
        open.add(ask(head.id()).json());
      }
    }
    if (cli.report().json()) {
      cli.report().result(new Json.Arr(open), "");
    } else if (open.isEmpty()) {
      cli.report().note("none is open");
    } else {
      open.forEach(place -> new KeyRotationText(place).show(cli.report()));
    }
    return ExitCode.DONE.status();
  }

  private KeyRotationText ask(long id) {
    return new KeyRotationText(cli.service().get(one(id)));
  }

  private String one(long id) {
    return path("products", product, "rotations", Long.toString(id));
  }

  /**
   * Shows the next step and what it is known to do, and does exactly that one.
   *
   * @param yes somebody has looked already
   */
  int advance(long id, boolean yes) {
    if (cli.report().json() && !yes) {
      throw CommandFailedException.usage("--json shows nothing to look at, and goes with --yes");
    }
    KeyRotationText place = ask(id);
    Fields next =
        place
            .next()
            .orElseThrow(
                () ->
                    CommandFailedException.of(
                            ExitCode.REFUSED,
                            "rotation " + id + " is " + place.state() + ": no step is left")
                        .document(place.json()));
    String step = KeyRotationText.name(next);
    if (place.isWaiting()) {
      throw waiting(place, next);
    }
    cli.report().line(step + ": " + KeyRotationText.detail(next));
    place.showDevices(cli.report());
    if (!yes) {
      confirm();
    }
    Json.Builder body = Json.object().put("step", step);
    List<Json> releases = KeyRotationText.releases(next);
    if (!releases.isEmpty()) {
      body.put("releases", releases);
    }
    KeyRotationText after =
        new KeyRotationText(cli.service().post(one(id) + "/advance", body.build()));
    cli.report().result(after.json(), "done: " + step + after(after));
    return ExitCode.DONE.status();
  }

  private static String after(KeyRotationText place) {
    Optional<Fields> next = place.next();
    return next.map(
            step -> "; next is " + KeyRotationText.name(step) + ": " + KeyRotationText.detail(step))
        .orElse("; rotation " + place.id() + " is " + place.state());
  }

  private CommandFailedException waiting(KeyRotationText place, Fields next) {
    String what = KeyRotationText.name(next).equals("sign") ? "a build" : "devices";
    String hint =
        KeyRotationText.command(next)
            .orElse(
                "who they are: signer rotation impact --product "
                    + product
                    + " --retire-key "
                    + place.oldKey());
    return CommandFailedException.of(
            ExitCode.WAITING,
            "rotation " + place.id() + " waits for " + what + ": " + KeyRotationText.detail(next))
        .hint(hint)
        .document(place.json());
  }

  private void confirm() {
    String answer = cli.terminal().prompt().ask("go on? type yes: ");
    if (answer == null) {
      throw CommandFailedException.usage("no terminal to ask for your yes")
          .hint("look at the step first; a program that has gives --yes");
    }
    if (!answer.strip().equals("yes")) {
      throw CommandFailedException.of(ExitCode.REFUSED, "not confirmed; nothing was done");
    }
  }

  int abort(long id, String reason) {
    KeyRotationText place =
        new KeyRotationText(
            cli.service().post(one(id) + "/abort", Json.object().put("reason", reason).build()));
    cli.report()
        .result(place.json(), "aborted rotation " + id + "; " + place.key("oldKey") + " stays");
    return ExitCode.DONE.status();
  }
}
