/**
 * Keys in software: the only room in which private bytes can be reached.
 *
 * <p>Private keys rest sealed on disk and are held in memory only as the objects that sign. No
 * {@code toString}, log line or exception of this room carries key material or a passphrase. What a
 * Java virtual machine cannot promise (that a freed array is erased everywhere) is not promised.
 */
@NullMarked
package dev.otasigner.keys.soft;

import org.jspecify.annotations.NullMarked;
