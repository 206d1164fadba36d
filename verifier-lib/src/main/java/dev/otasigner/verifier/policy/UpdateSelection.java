package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.Manifest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which of the listed builds a device takes: the newest that it accepts and whose turn it is. */
public final class UpdateSelection {
  private UpdateSelection() {}

  /**
   * A build that passed every check that needs no image bytes.
   *
   * @param listing as the head file lists it
   * @param eligible its manifest and the image file for this device
   * @param manifestEnvelope the manifest's file
   * @param brought the profile it brings
   */
  public record Chosen(
      Head.Candidate listing, Eligible eligible, Bytes manifestEnvelope, Profile brought) {
    /** Digest of the manifest's file: by it a device says what it runs. */
    public Digest manifestDigest() {
      return Digest.of(manifestEnvelope);
    }

    /** With the bytes that were downloaded: what {@link UpgradePolicy#judge} asks for. */
    public Candidate with(ByteSource image, Optional<ByteSource> bootloaderComponent) {
      return new Candidate(
          listing, eligible.file(), manifestEnvelope, image, brought, bootloaderComponent);
    }
  }

  /**
   * A listed build that was passed over, and the first check that refused it.
   *
   * @param listing as the head file lists it
   * @param refusal what that check said
   */
  public record Refused(Head.Candidate listing, RejectedException refusal) {}

  /**
   * What came of it.
   *
   * @param chosen nothing when the device stays as it is
   * @param refused the builds passed over on the way, newest first
   */
  public record Selection(Optional<Chosen> chosen, List<Refused> refused) {
    public Selection {
      refused = List.copyOf(refused);
    }
  }

  /**
   * As {@link #select(DeviceState, Profile, Head, Documents, LineageCheck, Share)}, with the
   * device's own share.
   *
   * @throws RejectedException as {@link #select(DeviceState, Profile, Head, Documents,
   *     LineageCheck, Share)}
   * @throws IOException when a document could not be fetched
   */
  public static Selection select(
      DeviceState device, Profile running, Head head, Documents documents, LineageCheck lineage)
      throws RejectedException, IOException {
    return select(device, running, head, documents, lineage, Share.OF_DEVICE);
  }

  /**
   * Takes the first candidate, newest first, that the policy accepts and whose share includes the
   * device. A candidate that is refused is recorded and passed over. Nothing is fetched for one
   * that the head file alone rules out.
   *
   * <p>What stands between the device and a listed document is no refusal of its candidate: whoever
   * can damage files on their way could choose the build that way. Only what no trusted role lists
   * is passed over.
   *
   * @throws RejectedException LISTING_MISMATCH when the head file is another channel's or
   *     hardware's; what {@code documents} said of a document that came otherwise than it is listed
   * @throws IOException when a document could not be fetched: no answer, rather than another one
   */
  public static Selection select(
      DeviceState device,
      Profile running,
      Head head,
      Documents documents,
      LineageCheck lineage,
      Share share)
      throws RejectedException, IOException {
    requireOwnHead(device, head);
    List<Refused> refused = new ArrayList<>();
    Reading reading = new Reading(documents);
    for (Head.Candidate candidate : head.candidates()) {
      try {
        UpgradePolicy.judgeHead(device, candidate);
        requireTurn(candidate, device, share);
        Chosen chosen = judge(device, running, candidate, reading, lineage);
        return new Selection(Optional.of(chosen), refused);
      } catch (RejectedException e) {
        reading.requireWhole();
        refused.add(new Refused(candidate, e));
      }
    }
    return new Selection(Optional.empty(), refused);
  }

  /** Remembers a document that came otherwise than the catalogue lists it. */
  private static final class Reading implements Documents {
    private final Documents documents;
    private @Nullable RejectedException damaged;

    private Reading(Documents documents) {
      this.documents = documents;
    }

    @Override
    public byte[] read(String path, int maxBytes) throws RejectedException, IOException {
      try {
        return documents.read(path, maxBytes);
      } catch (RejectedException e) {
        damaged = e.reason() == Reason.TARGET_NOT_FOUND ? null : e;
        throw e;
      }
    }

    private void requireWhole() throws RejectedException {
      if (damaged != null) {
        throw damaged;
      }
    }
  }

  /**
   * Demands, just before a swap, that a freshly fetched head file still offers what was downloaded
   * (RFC 9124, THREAT.MFST.TOCTOU).
   *
   * @param listedManifest the digest under which the catalogue lists the manifest now
   * @throws RejectedException NOT_LISTED when it was withdrawn, OUT_OF_SHARE when the rollout was
   *     paused or shrunk, MANIFEST_MISMATCH when another manifest stands in its place,
   *     LISTING_MISMATCH when the head file is another channel's or hardware's
   */
  public static void requireStillOffered(
      DeviceState device, Head fresh, Chosen chosen, Digest listedManifest)
      throws RejectedException {
    requireOwnHead(device, fresh);
    Head.Candidate listing = requireListed(fresh, chosen.listing());
    requireTurn(listing, device, Share.OF_DEVICE);
    if (!listedManifest.equals(chosen.manifestDigest())) {
      throw new RejectedException(
          Reason.MANIFEST_MISMATCH,
          "the catalogue now lists another manifest for this version",
          listedManifest,
          chosen.manifestDigest());
    }
  }

  private static Head.Candidate requireListed(Head fresh, Head.Candidate listing)
      throws RejectedException {
    for (Head.Candidate candidate : fresh.candidates()) {
      if (candidate.version().equals(listing.version())) {
        return candidate;
      }
    }
    throw new RejectedException(
        Reason.NOT_LISTED, "version " + listing.version() + " is listed no longer");
  }

  private static Chosen judge(
      DeviceState device,
      Profile running,
      Head.Candidate candidate,
      Documents documents,
      LineageCheck lineage)
      throws RejectedException, IOException {
    Bytes envelope = Bytes.copyOf(documents.read(candidate.manifest(), Envelope.MAX_BYTES));
    Manifest manifest = UpgradePolicy.judgeManifest(device, running, candidate, envelope);
    String path =
        CataloguePaths.profile(device.channel(), device.hardware().id(), manifest.profile());
    Profile brought = Profile.read(documents.read(path, Profile.MAX_BYTES));
    Eligible eligible =
        UpgradePolicy.judgeRest(device, running, candidate, manifest, brought, lineage);
    return new Chosen(candidate, eligible, envelope, brought);
  }

  private static void requireTurn(Head.Candidate candidate, DeviceState device, Share share)
      throws RejectedException {
    if (!share.includes(candidate, device.deviceId())) {
      throw new RejectedException(
          Reason.OUT_OF_SHARE,
          "this device's turn has not come; "
              + candidate.sharePerMille()
              + " of 1000 devices are in the share");
    }
  }

  private static void requireOwnHead(DeviceState device, Head head) throws RejectedException {
    String own = device.channel() + "/" + device.hardware().id();
    String offered = head.channel() + "/" + head.hardware();
    if (!own.equals(offered)) {
      throw new RejectedException(
          Reason.LISTING_MISMATCH, "head file of another channel or hardware", own, offered);
    }
  }
}
