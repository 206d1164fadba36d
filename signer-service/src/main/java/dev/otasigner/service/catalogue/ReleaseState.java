package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.RecordKind;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** Where a release stands. */
public enum ReleaseState {
  PUBLISHED,
  /** Listed with share 0: nobody begins with it, and whoever has it is known to the catalogue. */
  PAUSED,
  /** Not listed; devices stop taking it when their cached timestamp expires. */
  WITHDRAWN,
  /** Not listed, for good: only publishing it anew offers it again. */
  STOPPED,
  /** Not listed, because a newer release serves everyone it served. */
  SUPERSEDED;

  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Those that the catalogue lists. */
  static final Set<ReleaseState> LISTED = EnumSet.of(PUBLISHED, PAUSED);

  /** What somebody does to bring a release here. */
  String verb() {
    return switch (this) {
      case PUBLISHED -> "publish";
      case PAUSED -> "pause";
      case WITHDRAWN -> "withdraw";
      case STOPPED -> "stop";
      case SUPERSEDED -> "supersede";
    };
  }

  /** The same in the middle of a sentence. */
  String doing() {
    return switch (this) {
      case PUBLISHED -> "publishing";
      case PAUSED -> "pausing";
      case WITHDRAWN -> "withdrawing";
      case STOPPED -> "stopping";
      case SUPERSEDED -> "superseding";
    };
  }

  /** How that is recorded. */
  RecordKind recordKind() {
    return switch (this) {
      case PUBLISHED, SUPERSEDED -> RecordKind.RELEASE_PUBLISHED;
      case PAUSED -> RecordKind.RELEASE_PAUSED;
      case WITHDRAWN -> RecordKind.RELEASE_WITHDRAWN;
      case STOPPED -> RecordKind.RELEASE_STOPPED;
    };
  }

  /** Whether somebody may bring a release from here to there. */
  boolean maybe(ReleaseState next) {
    return switch (next) {
      case PAUSED -> this == PUBLISHED;
      case STOPPED -> isListed();
      case WITHDRAWN -> this != STOPPED;
      case PUBLISHED, SUPERSEDED -> true;
    };
  }

  boolean isListed() {
    return LISTED.contains(this);
  }
}
