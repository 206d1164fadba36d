package dev.otasigner.verifier;

import org.jspecify.annotations.Nullable;

/**
 * The one way in which verification says no. Carries the closed {@link Reason}, a sentence for a
 * human, and, where they help, what was expected, what was found, and the byte offset.
 *
 * <p>Wrong call order is {@link IllegalStateException}; disk and network trouble is {@link
 * java.io.IOException}; neither is ever dressed up as a refusal.
 */
public final class RejectedException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What a refusal quotes may be an attacker's, and megabytes long. */
  private static final int MAX_QUOTED = 500;

  private final Reason reason;
  private final @Nullable String expected;
  private final @Nullable String actual;
  private final long offset;

  /**
   * A refusal that a sentence says enough of.
   *
   * @param message cut to 500 characters
   */
  public RejectedException(Reason reason, String message) {
    this(reason, message, null, null, -1, null);
  }

  /**
   * A refusal that also quotes what it compared, as {@code toString} shows it.
   *
   * @param message cut to 500 characters
   * @param expected what the check wanted, cut to 500 characters
   * @param actual what it found, cut to 500 characters
   */
  public RejectedException(Reason reason, String message, Object expected, Object actual) {
    this(reason, message, expected.toString(), actual.toString(), -1, null);
  }

  private RejectedException(
      Reason reason,
      String message,
      @Nullable String expected,
      @Nullable String actual,
      long offset,
      @Nullable Throwable cause) {
    super(bounded(message), cause);
    this.reason = reason;
    this.expected = expected == null ? null : bounded(expected);
    this.actual = actual == null ? null : bounded(actual);
    this.offset = offset;
  }

  /**
   * The same refusal, pointing at the byte {@code offset} of the input.
   *
   * @param byteOffset counted from zero
   */
  public RejectedException at(long byteOffset) {
    return new RejectedException(reason, message(), expected, actual, byteOffset, getCause());
  }

  /** The same refusal with the words {@code where} put before its sentence. */
  public RejectedException in(String where) {
    return new RejectedException(
        reason, where + ": " + message(), expected, actual, offset, getCause());
  }

  /**
   * The same refusal under another reason, when a caller gives the check its name; this one is its
   * cause.
   */
  public RejectedException as(Reason other) {
    return new RejectedException(other, message(), expected, actual, offset, this);
  }

  /** Which check refused: what programs go by, where the sentence is for people. */
  public Reason reason() {
    return reason;
  }

  /** What the check wanted, or null when there is no one value. */
  public @Nullable String expected() {
    return expected;
  }

  /** What the check found, or null when there is no one value. */
  public @Nullable String actual() {
    return actual;
  }

  /** The byte offset of the trouble, or -1. */
  public long offset() {
    return offset;
  }

  private static String bounded(String text) {
    return text.length() <= MAX_QUOTED ? text : text.substring(0, MAX_QUOTED) + "...";
  }

  private String message() {
    String message = super.getMessage();
    return message == null ? reason.code() : message;
  }

  /** The sentence, with expected and actual values when they are known. */
  @Override
  public String getMessage() {
    StringBuilder text = new StringBuilder(message());
    if (expected != null && actual != null) {
      text.append(" (expected ").append(expected).append(", found ").append(actual).append(')');
    }
    if (offset >= 0) {
      text.append(" at byte ").append(offset);
    }
    return text.toString();
  }
}
