/**
 * How a device dials out: its own small HTTP/1.1 client over TLS.
 *
 * <p>Outbound only; no port is ever opened. Which protocol versions, suites, groups and servers are
 * good enough is the running profile's to say, and what was negotiated is read from the connection,
 * never assumed. The way may lead through an HTTP proxy, which is trusted with nothing. Heads,
 * bodies and waits are bounded, and neither silence nor a drip holds the device up for ever.
 * Trouble on the way is an {@link java.io.IOException}, never a refusal.
 */
@NullMarked
package dev.otasigner.device.transport;

import org.jspecify.annotations.NullMarked;
