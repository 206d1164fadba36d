/**
 * Who may do what: users, sessions, API keys, roles, and the rule that an endpoint without a list
 * of roles lets nobody in. Secrets are stored as hashes only.
 */
@NullMarked
package dev.otasigner.service.access;

import org.jspecify.annotations.NullMarked;
