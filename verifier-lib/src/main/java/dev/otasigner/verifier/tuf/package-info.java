/**
 * The Update Framework, specification 1.0.34: the document model for reading and writing, and the
 * whole client.
 *
 * <p>{@code TrustedMetadata} is the client workflow as a state holder without input, output or
 * clock, its checks numbered as the specification numbers them; {@link
 * dev.otasigner.verifier.tuf.Updater} moves bytes between it, a {@link
 * dev.otasigner.verifier.tuf.Fetcher} and a {@link dev.otasigner.verifier.tuf.MetadataStore}. What
 * is stored is stored as received, and only after it was verified. No private key ever enters: the
 * writing side says which bytes to sign.
 */
@NullMarked
package dev.otasigner.verifier.tuf;

import org.jspecify.annotations.NullMarked;
