/**
 * The authorities of the service: one for devices and one for its own listeners, each with an RSA
 * and an EC key in the token. A P-384 chain is signed with SHA-384 throughout, because TLS stacks
 * tie a curve to its hash.
 */
@NullMarked
package dev.otasigner.service.authority;

import org.jspecify.annotations.NullMarked;
