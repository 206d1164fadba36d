package dev.otasigner.service.report;

import java.time.Instant;

/**
 * Something that ends by itself, at a time that is known.
 *
 * @param what in a few words, such as {@code API key ci}
 */
public record Ending(String what, Instant at) {}
