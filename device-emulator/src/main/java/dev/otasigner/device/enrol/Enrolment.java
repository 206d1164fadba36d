package dev.otasigner.device.enrol;

import dev.otasigner.device.agent.AgentStore;
import dev.otasigner.device.boot.BootMemory;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.identity.CertificateRequest;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.util.Map;

/** Makes a device: its flash file appears whole or not at all. */
public final class Enrolment {
  private static final String PATH = "/device/v1/enrol";

  private Enrolment() {}

  /**
   * Fetches what the factory writes, checks it, makes the device's key and has it certified.
   *
   * @param server the enrolment listener
   * @param secret the device's one-time secret; used only once everything else is in place
   * @param target where the flash file is to be
   * @throws FileAlreadyExistsException when there is a device already
   */
  public static DeviceState enrol(Server server, NewDevice device, String secret, Path target)
      throws IOException, RejectedException {
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(target + ": there is a device in this file already");
    }
    FactoryFiles files = FactoryFiles.fetch(server, device);
    Path draft = target.resolveSibling("." + target.getFileName() + ".new");
    Files.deleteIfExists(draft);
    try {
      DeviceState state;
      try (Flash flash =
          Flash.create(draft, FlashLayout.forSlots(files.bootloader().slotBytes()))) {
        state = provision(flash, server, device, files, secret);
      }
      Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
      return state;
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private static DeviceState provision(
      Flash flash, Server server, NewDevice device, FactoryFiles files, String secret)
      throws IOException, RejectedException {
    long imageBytes = files.writeImage(flash.region(Region.PRIMARY));
    ClientKeyType type = files.profile().tls().clientKey();
    KeyPair keys = ClientKeys.generate(type);
    ClientIdentity identity = certify(server, device, secret, type, keys);
    Bootloader bootloader = files.bootloader();
    BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER))
        .provision(bootloader, files.manifest().securityCounter(), imageBytes);
    DeviceState state = state(device, files, type, identity);
    AgentStore.open(flash.region(Region.AGENT))
        .provision(
            state,
            files.envelope().toByteArray(),
            files.profile().bytes().toByteArray(),
            files.root(),
            identity);
    return state;
  }

  private static ClientIdentity certify(
      Server server, NewDevice device, String secret, ClientKeyType type, KeyPair keys)
      throws IOException {
    byte[] json =
        Json.object()
            .put("deviceId", device.deviceId())
            .put("product", device.product())
            .put("hardware", device.hardware().id())
            .put("bootloaderId", device.bootloader())
            .put("channel", device.channel())
            .put("clockClass", device.clock().code())
            .put("secret", secret)
            .put("csr", CertificateRequest.pem(device.deviceId(), type, keys))
            .build()
            .textBytes();
    byte[] answer = server.post(PATH, json, 201, IssuedCertificate.MAX_BYTES);
    return new ClientIdentity(keys.getPrivate(), IssuedCertificate.read(answer, keys.getPublic()));
  }

  private static DeviceState state(
      NewDevice device, FactoryFiles files, ClientKeyType type, ClientIdentity identity) {
    return new DeviceState(
        device.deviceId(),
        device.product(),
        device.hardware(),
        device.channel(),
        new DeviceState.Clock(device.clock(), files.manifest().built()),
        files.bootloader(),
        new DeviceState.Running(
            files.manifest().version(),
            dev.otasigner.verifier.Digest.of(files.envelope()),
            files.profile().digest()),
        Map.of(),
        files.manifest().securityCounter(),
        files.profile().lineage().name(),
        1,
        new DeviceState.ClientCert(type, identity.certificate().getNotAfter().toInstant()));
  }
}
