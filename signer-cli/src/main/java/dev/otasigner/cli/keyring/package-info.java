/**
 * The keys that the service holds: made, imported, used and retired there; only public halves
 * leave.
 */
@NullMarked
package dev.otasigner.cli.keyring;

import org.jspecify.annotations.NullMarked;
