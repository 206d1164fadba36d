package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.manifest.Manifest;
import java.util.List;

/**
 * A build that passed every check that needs no image bytes: worth downloading.
 *
 * @param manifest whose signatures satisfy the running profile
 * @param variant the image file for this bootloader, as the manifest states it
 * @param file the same as listed, with its path
 * @param remaining the checks that are left once the bytes are there, in their order
 */
public record Eligible(
    Manifest manifest, Manifest.Variant variant, Head.Variant file, List<Check> remaining) {
  public Eligible {
    remaining = List.copyOf(remaining);
  }
}
