/**
 * Rotation: who would be cut off by a change, found out by the real judgement on the real bytes,
 * and what saves them. A change that retires something passes only when every device still has a
 * way to the head of its channel and can take what comes after it; it never says yes on a guess.
 */
@NullMarked
package dev.otasigner.service.rotation;

import org.jspecify.annotations.NullMarked;
