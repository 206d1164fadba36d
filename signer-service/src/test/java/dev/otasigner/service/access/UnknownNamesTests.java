package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UnknownNamesTests {
  @Test
  void repeatsAreToldApartFromOthers() {
    UnknownNames names = new UnknownNames();
    assertThat(names.subject("correct horse"))
        .matches("unknown:[0-9a-f]{8}")
        .isEqualTo(names.subject("correct horse"))
        .isNotEqualTo(names.subject("correct hors"));
  }

  /** Without the key, which goes with the process, nobody tests a guess. */
  @Test
  void anotherRunOfTheServiceGivesAnotherWord() {
    assertThat(new UnknownNames().subject("correct horse"))
        .isNotEqualTo(new UnknownNames().subject("correct horse"));
  }
}
