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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * That the digests which image keys will sign are those of this payload, with this version and
 * counter, and of at most one bootloader component; not of something else beside them.
 *
 * @param images how many are made of the payload
 * @param finished the payload is an image that was signed already
 * @param bootloader the component that is signed with them
 */
record SignedImages(int images, boolean finished, Optional<Bootloader> bootloader) {
  /**
   * Accounts for every digest.
   *
   * @param headerBytes where the payload begins in its image
   * @throws CommandFailedException REFUSED when one is of nothing that can be looked at
   */
  static SignedImages of(
      ServiceClient service, StatedRequest request, ByteSource payload, int headerBytes)
      throws IOException, RejectedException {
    List<Digest> toBeSigned = request.document().toBeSigned();
    Draft draft = request.draft();
    boolean finished = isImage(payload);
    if (draft.format() != ImageFormat.MCUBOOT || finished) {
      if (!toBeSigned.isEmpty()) {
        throw StatedRequest.refused(
            "image keys would sign " + toBeSigned.get(0) + ", and this payload is not signed");
      }
      return new SignedImages(0, finished, Optional.empty());
    }
    Set<Digest> expected = regions(draft, payload, headerBytes);
    Set<Digest> others = new HashSet<>(toBeSigned);
    others.removeAll(expected);
    if (toBeSigned.size() == others.size()) {
      throw StatedRequest.refused(
              "what image keys would sign is no image of this payload, version and counter")
          .hint("if its header has another size than " + headerBytes + ", give --header-size");
    }
    int images = toBeSigned.size() - others.size();
    return new SignedImages(
        images,
        false,
        others.isEmpty() ? Optional.empty() : Optional.of(component(service, draft, others)));
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

  private static Set<Digest> regions(Draft draft, ByteSource payload, int headerBytes)
      throws IOException, RejectedException {
    Set<Digest> all =
        new HashSet<>(
            SignedRegions.of(payload, options(draft).headerBytes(headerBytes).padHeader().build()));
    try {
      all.addAll(SignedRegions.of(payload, options(draft).headerBytes(headerBytes).build()));
    } catch (RejectedException e) {
      if (e.reason() != Reason.MALFORMED) {
        throw e;
      }
      // The payload brings no room for the header, so that it is not taken that way either.
    }
    return all;
  }

  private static Bootloader component(ServiceClient service, Draft draft, Set<Digest> others)
      throws IOException, RejectedException {
    for (Json.Obj item :
        Report.items(service.get(path("products", draft.product(), "bootloaders")))) {
      Bootloader bootloader = Bootloader.read(new Fields(item, "bootloader"));
      Set<Digest> regions =
          bootloader.trialAnchors().isEmpty()
              ? SignedRegions.of(
                  BootloaderComponent.payload(bootloader), options(draft).padHeader().build())
              : Set.of();
      if (others.size() == 1 && regions.containsAll(others)) {
        return bootloader;
      }
    }
    throw StatedRequest.refused(
        "image keys would sign besides "
            + others.iterator().next()
            + ", which is no bootloader of "
            + draft.product());
  }

  void print(Report report) {
    report.line(
        finished
            ? "images            signed elsewhere; only its manifest is signed"
            : images == 0
                ? "images            none: the manifest alone vouches for the payload"
                : "images            " + images + ", of this payload and counter; recomputed here");
    report.line(
        "bootloader        "
            + bootloader
                .map(b -> Shown.text(b.id()) + ", which then boots " + keys(b))
                .orElse("no component"));
  }

  private static String keys(Bootloader bootloader) {
    return String.join(
        ", ",
        bootloader.anchors().stream()
            .map(anchor -> "key " + anchor.keyId().abbreviated())
            .toList());
  }
}
