/**
 * Signing with a private key in a file, on one's own machine: nothing is judged by policy,
 * journalled or approved here. The one room of this program that touches private keys.
 */
@NullMarked
package dev.otasigner.cli.local;

import org.jspecify.annotations.NullMarked;
