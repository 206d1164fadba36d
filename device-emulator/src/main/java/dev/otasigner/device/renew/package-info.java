/** Renewal of the device's certificate, over the connection that the present one opens. */
@NullMarked
package dev.otasigner.device.renew;

import org.jspecify.annotations.NullMarked;
