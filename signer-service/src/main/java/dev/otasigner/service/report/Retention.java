package dev.otasigner.service.report;

import java.time.Duration;

/**
 * What is kept, and for how long.
 *
 * @param until in words, by the figures of the code that removes it
 */
public record Retention(String what, String until) {

  /** Nothing in the service removes it. */
  public static Retention forEver(String what) {
    return new Retention(what, "for ever: nothing removes it");
  }

  public static Retention of(String what, Duration kept, String since) {
    return new Retention(what, words(kept) + " " + since);
  }

  /** In days or hours, whichever is whole. */
  public static String words(Duration time) {
    return time.toHours() % 24 == 0 ? time.toDays() + " d" : time.toHours() + " h";
  }
}
