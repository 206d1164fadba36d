/**
 * For tests of other programs: a device that is in the test's hand, and a signing service in a
 * process of its own.
 *
 * <p>The service is the one that is shipped, started as a user starts it; nothing in here stands in
 * for it. Devices are {@link dev.otasigner.device.EmulatedDevice}s that dial it over TLS.
 */
@NullMarked
package dev.otasigner.device.lab;

import org.jspecify.annotations.NullMarked;
