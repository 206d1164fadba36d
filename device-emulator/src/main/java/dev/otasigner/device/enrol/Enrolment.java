package dev.otasigner.device.enrol;

import dev.otasigner.device.agent.AgentStore;
import dev.otasigner.device.boot.BootMemory;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.identity.CertificateRequest;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
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
import java.util.Optional;

/** Makes a device: its flash file appears whole or not at all. */
public final class Enrolment {
  private static final String PATH = "/device/v1/enrol";

  private Enrolment() {}

  /**
   * Fetches what the factory writes, checks it, makes the device's key unless it was born with one,
   * and has it certified.
   *
   * @param server the enrolment listener
   * @param credential sent only once everything else is in place
   * @param target where the flash file is to be
   * @throws FileAlreadyExistsException when there is a device already
   * @throws IOException when the service is not reached; what was begun stays in a hidden file
   *     beside the target, for its key, and the next enrolment goes on with it
   */
  public static DeviceState enrol(
      Server server, NewDevice device, Credential credential, Path target)
      throws IOException, RejectedException {
    requireAbsent(target);
    FactoryFiles files = FactoryFiles.fetch(server, device);
    FlashLayout layout = FlashLayout.forSlots(files.bootloader().slotBytes());
    return enrol(server, device, credential, files, layout, files::writeImage, target);
  }

  /** Puts the factory image into a blank slot, and returns its length. */
  @FunctionalInterface
  interface ImageWriter {
    long writeTo(FlashRegion slot) throws IOException, RejectedException;
  }

  static DeviceState enrol(
      Server server,
      NewDevice device,
      Credential credential,
      FactoryFiles files,
      FlashLayout layout,
      ImageWriter image,
      Path target)
      throws IOException, RejectedException {
    requireAbsent(target);
    Path draft = target.resolveSibling("." + target.getFileName() + ".new");
    KeyPair keys = key(draft, credential, files.profile().tls().clientKey());
    DeviceState state;
    boolean keepDraft = false;
    try {
      try (Flash flash = Flash.create(draft, layout)) {
        long imageBytes = image.writeTo(flash.region(Region.PRIMARY));
        AgentStore store = AgentStore.open(flash.region(Region.AGENT));
        store.saveRenewalKey(keys);
        keepDraft = true;
        ClientIdentity identity = certify(server, device, credential, files, keys);
        state = provision(flash, store, device, files, imageBytes, identity);
      }
      Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
      return state;
    } catch (StatusException e) {
      keepDraft = false;
      throw e;
    } finally {
      if (!keepDraft) {
        Files.deleteIfExists(draft);
      }
    }
  }

  private static void requireAbsent(Path target) throws FileAlreadyExistsException {
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(
          target.toString(), null, "there is a device in this file already");
    }
  }

  /** Enrols a device in memory whose image is in its slot. */
  static void finish(
      Server server,
      NewDevice device,
      Credential credential,
      FactoryFiles files,
      KeyPair keys,
      Flash flash,
      long imageBytes)
      throws IOException {
    AgentStore store = AgentStore.open(flash.region(Region.AGENT));
    ClientIdentity identity = certify(server, device, credential, files, keys);
    provision(flash, store, device, files, imageBytes, identity);
  }

  /**
   * The key the device was born with, that of an earlier enrolment whose answer was lost, or a
   * fresh one: the service grants the same wish again, but a secret never enrols a second key.
   */
  private static KeyPair key(Path draft, Credential credential, ClientKeyType type)
      throws IOException, RejectedException {
    Optional<KeyPair> born = credential.bornKey(type);
    Optional<KeyPair> earlier = takeDraft(draft, type);
    return born.or(() -> earlier).orElseGet(() -> ClientKeys.generate(type));
  }

  private static Optional<KeyPair> takeDraft(Path draft, ClientKeyType type) throws IOException {
    if (!Files.exists(draft)) {
      return Optional.empty();
    }
    Optional<KeyPair> key;
    try (Flash flash = Flash.open(draft)) {
      key = AgentStore.open(flash.region(Region.AGENT)).renewalKey(type);
    }
    Files.delete(draft);
    return key;
  }

  private static DeviceState provision(
      Flash flash,
      AgentStore store,
      NewDevice device,
      FactoryFiles files,
      long imageBytes,
      ClientIdentity identity)
      throws IOException {
    BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER))
        .provision(files.bootloader(), files.manifest().securityCounter(), imageBytes);
    DeviceState state = state(device, files, identity);
    store.provision(
        state,
        files.envelope().toByteArray(),
        files.profile().bytes().toByteArray(),
        files.root(),
        identity);
    if (device.proxy().isPresent()) {
      store.network().saveProxy(device.proxy());
    }
    return state;
  }

  private static ClientIdentity certify(
      Server server, NewDevice device, Credential credential, FactoryFiles files, KeyPair keys)
      throws IOException {
    ClientKeyType type = files.profile().tls().clientKey();
    Json.Builder request =
        Json.object()
            .put("deviceId", device.deviceId())
            .put("product", device.product())
            .put("hardware", device.hardware().id())
            .put("bootloaderId", device.bootloader())
            .put("channel", device.channel())
            .put("clockClass", device.clock().code())
            .put("csr", CertificateRequest.pem(device.deviceId(), type, keys));
    byte[] json = credential.addTo(request).build().textBytes();
    byte[] answer = server.post(PATH, json, 201, IssuedCertificate.MAX_BYTES);
    return new ClientIdentity(keys.getPrivate(), IssuedCertificate.read(answer, keys.getPublic()));
  }

  private static DeviceState state(NewDevice device, FactoryFiles files, ClientIdentity identity) {
    return new DeviceState(
        device.deviceId(),
        device.product(),
        device.hardware(),
        device.channel(),
        new DeviceState.Clock(device.clock(), files.manifest().built()),
        files.bootloader(),
        new DeviceState.Running(
            files.manifest().version(), Digest.of(files.envelope()), files.profile().digest()),
        Map.of(),
        files.manifest().securityCounter(),
        files.profile().lineage().name(),
        1,
        new DeviceState.ClientCert(
            files.profile().tls().clientKey(), identity.certificate().getNotAfter().toInstant()));
  }
}
