/**
 * Backup and restore of the software token and of its worker's memory, by the key custodian at the
 * machine: nothing that is reached over the network can take a private key away.
 */
@NullMarked
package dev.otasigner.keys.backup;

import org.jspecify.annotations.NullMarked;
