package dev.otasigner.service.catalogue;

/** Has the publisher do its duty now, for tests elsewhere whose clock has moved. */
public final class DutyFixture {
  private DutyFixture() {}

  /** Signs anew what is due. */
  public static void renew(Catalogue catalogue) {
    catalogue.renew();
  }
}
