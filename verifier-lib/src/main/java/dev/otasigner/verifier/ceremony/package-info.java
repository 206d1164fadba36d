/**
 * What people sign offline: the next root of a lineage, or its targets role, with keys that no
 * service has. A file goes from holder to holder and gathers signatures; here it is read, and
 * judged by the same rules for whoever is about to sign it and for the service that takes it in.
 * Signs nothing, and believes nothing that is not under a signature.
 */
@NullMarked
package dev.otasigner.verifier.ceremony;

import org.jspecify.annotations.NullMarked;
