package dev.otasigner.verifier.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DerEcdsaTests {
  private static BigInteger[] numbers(long r, long s) {
    return new BigInteger[] {BigInteger.valueOf(r), BigInteger.valueOf(s)};
  }

  /** A sequence of two numbers of 62 bytes: 128 bytes, whose length needs a byte of its own. */
  private static byte[] long128(String header) {
    String number = "023e01" + "00".repeat(61);
    return HexFormat.of().parseHex(header + number + number);
  }

  @Test
  void theShortestNumbersAreRead() {
    assertThat(DerEcdsa.read(HexFormat.of().parseHex("3006020101020102"))).isEqualTo(numbers(1, 2));
    assertThat(DerEcdsa.read(HexFormat.of().parseHex("3007020200ff020100")))
        .isEqualTo(numbers(255, 0));
  }

  @Test
  void aLengthFrom128OnIsSpeltInTwoBytes() {
    BigInteger number = BigInteger.ONE.shiftLeft(61 * 8);
    assertThat(DerEcdsa.read(long128("308180"))).isEqualTo(new BigInteger[] {number, number});
    assertThat(DerEcdsa.read(long128("3080"))).isNull();
    assertThat(DerEcdsa.read(long128("30820080"))).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing
        "30",
        "3000",
        "3081", // no length behind its size
        "308100",
        "3001",
        "300102",
        "3006020101020101ff", // more than the sequence
        "3007020101020101", // less
        "3105020101020101", // no sequence
        "3006030101020101", // no integer, as r and as s
        "3006020101030101",
        "30060201ff020101", // negative, as r and as s
        "30060201010201ff",
        "30050200020101", // empty, as r and as s
        "30050201010200",
        "300702020001020101", // a zero too many, as r and as s
        "300702010102020001",
        "300702020000020101",
        "3006020101020201", // cut short
        "3006027f01020101",
        "3007028101010201" // a length in two bytes where one does
      })
  void whatIsNotDerIsNoSignature(String hex) {
    assertThat(DerEcdsa.read(HexFormat.of().parseHex(hex))).isNull();
  }
}
