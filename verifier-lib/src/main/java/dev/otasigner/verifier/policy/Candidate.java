package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.Profile;
import java.util.Optional;

/**
 * All of a build that a device is asked to take.
 *
 * @param listing as the head file lists it
 * @param variant the image file chosen from the listing
 * @param manifestEnvelope the manifest's file
 * @param image the image file
 * @param brought the profile that the manifest names
 * @param bootloaderComponent the component's file, when the manifest brings one
 */
public record Candidate(
    Head.Candidate listing,
    Head.Variant variant,
    Bytes manifestEnvelope,
    ByteSource image,
    Profile brought,
    Optional<ByteSource> bootloaderComponent) {}
