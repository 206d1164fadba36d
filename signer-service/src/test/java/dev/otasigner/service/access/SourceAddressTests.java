package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SourceAddressTests {
  @Test
  void addressesOfOneNetworkAreOneSource() {
    assertThat(SourceAddress.of("2001:db8:1:2:3:4:5:6"))
        .isEqualTo(SourceAddress.of("2001:db8:1:2::9"))
        .isNotEqualTo(SourceAddress.of("2001:db8:1:3::9"));
    assertThat(SourceAddress.of("fe80:0:0:0:0:0:0:1%eth0")).isEqualTo(SourceAddress.of("fe80::2"));
  }

  @Test
  void whatIsNoIpv6AddressStandsForItself() {
    for (String other : new String[] {"192.0.2.1", "::ffff:192.0.2.1", "proxy", "no:address", ""}) {
      assertThat(SourceAddress.of(other)).isEqualTo(other);
    }
  }
}
