/**
 * What happened, who did it and when, as leaves of an RFC 6962 Merkle tree: records are appended in
 * the transaction of the change they tell of, never altered, and a signed checkpoint makes it
 * visible if one is missing.
 */
@NullMarked
package dev.otasigner.service.audit;

import org.jspecify.annotations.NullMarked;
