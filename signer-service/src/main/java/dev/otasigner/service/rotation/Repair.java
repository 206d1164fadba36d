package dev.otasigner.service.rotation;

import dev.otasigner.verifier.json.Json;

/**
 * What would serve a cohort that a change would strand.
 *
 * @param what the build, key or listener, by its name
 */
record Repair(Kind kind, String what) {
  /** Cheapest first. */
  enum Kind {
    /** Wait until the cohort has taken this build, which is offered already. */
    WAIT("wait-for-build"),
    /** Offer this build, which is here and signed, as a bridge. */
    PUBLISH("publish-bridge"),
    /** Let this listener stay until the cohort has crossed. */
    KEEP_LISTENER("keep-listener"),
    /** Sign with this key as well until the cohort has crossed. */
    KEEP_KEY("keep-key");

    private final String code;

    Kind(String code) {
      this.code = code;
    }
  }

  /** Whether devices have to take a build for it. */
  boolean isByBuild() {
    return kind == Kind.WAIT || kind == Kind.PUBLISH;
  }

  /** For people, such as {@code wait-for-build 36.14.0+0}. */
  @Override
  public String toString() {
    return kind.code + " " + what;
  }

  Json.Obj toJson() {
    return Json.object().put("kind", kind.code).put("what", what).build();
  }
}
