package dev.otasigner.service.catalogue.storage;

import java.io.IOException;

/** Another publisher has taken over; what is announced now is its work. */
public final class LostException extends IOException {
  private static final long serialVersionUID = 1L;

  LostException(String place, long own, long current) {
    super(place + ": publisher " + own + " was taken for dead, publisher " + current + " goes on");
  }

  LostException(String place, long own) {
    super(place + ": publisher " + own + " found another announcement than it began with");
  }
}
