package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Of several refusals the one is told that came nearest to acceptance. */
class JudgementTests {
  private final RejectedException otherHash =
      new RejectedException(Reason.IMAGE_HASH, "made for another hash");
  private final RejectedException notPure =
      new RejectedException(Reason.IMAGE_SIGNATURE, "not marked as pure");
  private final RejectedException unknownKey =
      new RejectedException(Reason.IMAGE_KEY_UNKNOWN, "no known key");
  private final RejectedException wrongHash =
      new RejectedException(Reason.IMAGE_HASH, "not its hash").at(0);
  private final RejectedException badSignature =
      new RejectedException(Reason.IMAGE_SIGNATURE, "does not verify").at(600);

  private static void assertNearer(RejectedException far, RejectedException near) {
    assertThat(Judgement.nearest(List.of(far, near))).isSameAs(near);
    assertThat(Judgement.nearest(List.of(near, far))).isSameAs(near);
  }

  @Test
  void anUnknownKeyIsNearerThanAnImageForAnotherKindOfBuild() {
    assertNearer(otherHash, unknownKey);
    assertNearer(notPure, unknownKey);
  }

  @Test
  void whatIsWrongAtItsPlaceIsNearerThanAnUnknownKey() {
    assertNearer(unknownKey, wrongHash);
    assertNearer(unknownKey, badSignature);
  }

  @Test
  void theFirstOfEqualsIsTold() {
    assertThat(Judgement.nearest(List.of(wrongHash, badSignature))).isSameAs(wrongHash);
    assertThat(Judgement.nearest(List.of(badSignature, wrongHash))).isSameAs(badSignature);
  }
}
