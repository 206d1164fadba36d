/**
 * Signing: from a payload to a build. A request passes through persisted states; policy is asked
 * before any key is touched, intent is durable before the token is called, and what was signed is
 * judged by the device's own code before anyone may fetch it. At most one result is released per
 * request; a crash leaves an attempt that is recorded and never released.
 */
@NullMarked
package dev.otasigner.service.signing;

import org.jspecify.annotations.NullMarked;
