/**
 * The device's own keys: made on the device, of the kind its profile names, and certified by the
 * service on request. A private key never leaves the flash.
 */
@NullMarked
package dev.otasigner.device.identity;

import org.jspecify.annotations.NullMarked;
