package dev.otasigner.service.access;

import java.util.Locale;

/**
 * What an administrator does to a user.
 *
 * @param rights of a new user, or those given or taken
 */
record UserChange(Kind kind, String user, Rights rights) {

  /** Which of them give somebody more than before is what {@link UserChanges} asks. */
  enum Kind {
    CREATE(true),
    GRANT(true),
    TAKE(false),
    /** Whoever sets a password could sign in with it. */
    RESET(true),
    DELETE(false);

    private final boolean raises;

    Kind(boolean raises) {
      this.raises = raises;
    }

    boolean raises() {
      return raises;
    }

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
