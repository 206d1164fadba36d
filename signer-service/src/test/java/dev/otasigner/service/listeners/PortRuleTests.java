package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PortRuleTests {
  private static final PortRule ROOT = new PortRule(true);
  private static final PortRule ANYBODY = new PortRule(false);

  @Test
  void portBelow1024IsMovedUpForAnybodyButRoot() {
    assertThat(ANYBODY.bound(443)).isEqualTo(10_443);
    assertThat(ANYBODY.bound(1023)).isEqualTo(11_023);
  }

  @Test
  void portFrom1024OnIsBoundAsItIs() {
    assertThat(ANYBODY.bound(1024)).isEqualTo(1024);
    assertThat(ANYBODY.bound(65_535)).isEqualTo(65_535);
  }

  @Test
  void rootBindsEveryPortAsItIs() {
    assertThat(ROOT.bound(443)).isEqualTo(443);
    assertThat(ROOT.bound(8443)).isEqualTo(8443);
  }

  @Test
  void ruleOfThisProcessFollowsItsUser() {
    boolean root = System.getProperty("user.name", "").equals("root");
    assertThat(PortRule.ofThisProcess()).isEqualTo(new PortRule(root));
  }
}
