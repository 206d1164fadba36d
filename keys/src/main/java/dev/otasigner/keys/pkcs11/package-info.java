/**
 * Keys in a hardware security module, or anything else behind PKCS#11.
 *
 * <p>Private keys are made in the module, marked sensitive and not extractable, and never seen
 * here. What a key is for stands in a certificate beside it, which the key itself has signed.
 */
@NullMarked
package dev.otasigner.keys.pkcs11;

import org.jspecify.annotations.NullMarked;
