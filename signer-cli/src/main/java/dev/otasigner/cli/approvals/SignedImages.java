package dev.otasigner.cli.approvals;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Report;
import dev.otasigner.cli.ServiceClient;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.McubootImage;
import dev.otasigner.verifier.policy.BootloaderComponent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * That the digests which image keys will sign are those of the images that the manifest names, made
 * of this payload with this version and counter, and of its bootloader component; and of nothing
 * else beside them.
 *
 * @param images how many are made of the payload
 * @param finished the payload is an image that was signed already
 */
record SignedImages(int images, boolean finished) {

  /**
   * Accounts for every digest.
   *
   * @throws CommandFailedException REFUSED when one is of nothing that can be looked at
   */
  static SignedImages of(ServiceClient service, StatedRequest request, ByteSource payload)
      throws IOException, RejectedException {
    Set<Digest> left = new HashSet<>(request.document().toBeSigned());
    Draft draft = request.draft();
    boolean finished = isImage(payload);
    if (draft.format() != ImageFormat.MCUBOOT || finished) {
      if (!left.isEmpty() || draft.bootloader().isPresent()) {
        throw StatedRequest.refused("image keys would sign, and this payload is not signed");
      }
      return new SignedImages(0, finished);
    }
    takeImages(draft, payload, request.headerBytes(), left);
    if (draft.bootloader().isPresent()) {
      Draft.NextBootloader next = draft.bootloader().get();
      if (!left.remove(component(service, draft, next))) {
        throw StatedRequest.refused("what image keys would sign is not bootloader " + next.id());
      }
    }
    if (!left.isEmpty()) {
      throw StatedRequest.refused(
          "image keys would sign " + left.iterator().next() + " besides what the manifest names");
    }
    return new SignedImages(draft.images().size(), false);
  }

  private static boolean isImage(ByteSource payload) throws IOException {
    try {
      McubootImage.read(payload);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  private static AssembleOptions.Builder options(Draft draft) {
    return AssembleOptions.of(draft.version()).securityCounter(draft.securityCounter());
  }

  private static void takeImages(Draft draft, ByteSource payload, int headerBytes, Set<Digest> left)
      throws IOException, RejectedException {
    List<SignedRegions> layouts = layouts(draft, payload, headerBytes);
    if (draft.images().isEmpty()) {
      throw StatedRequest.refused("the manifest names no image");
    }
    for (Draft.Image image : draft.images()) {
      if (layouts.stream().noneMatch(way -> left.remove(way.of(image.hash(), image.pure())))) {
        throw StatedRequest.refused(
                "what image keys would sign is no image of this payload, version and counter")
            .hint("the service says that its header has " + headerBytes + " bytes");
      }
    }
  }

  /** With the header before the payload, and with the header in the room that it brings. */
  private static List<SignedRegions> layouts(Draft draft, ByteSource payload, int headerBytes)
      throws IOException, RejectedException {
    AssembleOptions.Builder before = options(draft).headerBytes(headerBytes).padHeader();
    List<SignedRegions> layouts = new ArrayList<>();
    layouts.add(SignedRegions.of(payload, before.build()));
    try {
      layouts.add(SignedRegions.of(payload, options(draft).headerBytes(headerBytes).build()));
    } catch (RejectedException e) {
      if (e.reason() != Reason.MALFORMED) {
        throw e;
      }
      // The payload brings no room, so that it is not taken that way either.
    }
    return layouts;
  }

  /** What is signed of the registered bootloader that the manifest names. */
  private static Digest component(ServiceClient service, Draft draft, Draft.NextBootloader next)
      throws IOException, RejectedException {
    for (Json.Obj item :
        Report.items(service.get(path("products", draft.product(), "bootloaders")))) {
      Bootloader bootloader = Bootloader.read(new Fields(item, "bootloader"));
      if (bootloader.id().equals(next.id())
          && bootloader.anchors().equals(next.anchors())
          && bootloader.trialAnchors().isEmpty()) {
        Draft.Image first = draft.images().get(0);
        return SignedRegions.of(
                BootloaderComponent.payload(bootloader), options(draft).padHeader().build())
            .of(first.hash(), first.pure());
      }
    }
    throw StatedRequest.refused(
        draft.product() + " has no bootloader " + next.id() + " with the keys of the manifest");
  }

  void print(Report report) {
    report.line(
        finished
            ? "checked           signed elsewhere; only its manifest is signed"
            : images == 0
                ? "checked           no image is signed: the manifest alone vouches for the payload"
                : "checked           what image keys sign was made of this payload, here");
  }
}
