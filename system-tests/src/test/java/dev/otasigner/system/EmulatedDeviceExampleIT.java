package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.flash.PowerCutException;
import dev.otasigner.device.flash.PowerSupply.Power;
import dev.otasigner.device.junit.OtaService;
import dev.otasigner.device.lab.LabDevice;
import dev.otasigner.device.lab.ServiceUnderTest;
import java.io.IOException;
import org.junit.jupiter.api.Test;

@OtaService
class EmulatedDeviceExampleIT {
  @Test
  void theDeviceTakesTheReleaseAndSurvivesACut(ServiceUnderTest service, LabDevice device)
      throws IOException {
    service.release("1.1.0");
    LabDevice spare = device.copy();

    assertThat(spare.update()).isInstanceOf(Installed.class);
    assertThat(spare.version()).hasToString("1.1.0+0");

    device.cutPower(10, Power.CUT_TORN);
    assertThatThrownBy(device::update).isInstanceOf(PowerCutException.class);
    assertThat(device.updateUntilIdle()).isInstanceOf(UpToDate.class);
    assertThat(device.version()).hasToString("1.1.0+0");
  }
}
