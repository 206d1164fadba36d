package dev.otasigner.device;

import java.time.Duration;

/** The device's sense of time that passes; nobody sets it. */
public interface Timer {
  /** Since a moment that is always the same; never goes back. */
  Duration now();

  /**
   * Runs the task once so much time has passed. Tasks may overlap: one may be due while another
   * waits for the network.
   */
  void after(Duration delay, Runnable task);
}
