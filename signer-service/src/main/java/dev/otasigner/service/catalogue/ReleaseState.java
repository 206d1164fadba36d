package dev.otasigner.service.catalogue;

import java.util.Locale;

/** Where a release stands. */
public enum ReleaseState {
  PUBLISHED,
  /** Listed with share 0: nobody begins with it, and whoever has it is known to the catalogue. */
  PAUSED,
  /** Not listed; devices stop taking it when their cached timestamp expires. */
  WITHDRAWN,
  /** Not listed, because a newer release serves everyone it served. */
  SUPERSEDED;

  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean isListed() {
    return this == PUBLISHED || this == PAUSED;
  }
}
