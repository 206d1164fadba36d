package dev.otasigner.service.catalogue.storage;

import dev.otasigner.verifier.Bytes;

/**
 * The one object that is replaced.
 *
 * @param tag stands for exactly these bytes at this place: what a replacement names as the one it
 *     replaces
 */
public record Pointer(Bytes bytes, String tag) {}
