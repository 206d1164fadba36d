/**
 * The catalogue: one TUF repository per product and lineage, listing only what devices may take
 * today. New files first, the timestamp last; every file but the timestamp is written once; nothing
 * is announced that the device's own TUF client has not accepted, as a fresh client and as one that
 * holds what was published before. Keys never come near this room: roles are signed through the
 * keyring.
 */
@NullMarked
package dev.otasigner.service.catalogue;

import org.jspecify.annotations.NullMarked;
