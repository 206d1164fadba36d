/**
 * How the service says no: one closed list of problem types, one exception, and the one place that
 * turns any exception into RFC 9457 {@code problem+json}. An exception nobody foresaw becomes 500
 * without detail; no answer ever carries a stack trace.
 */
@NullMarked
package dev.otasigner.service.problem;

import org.jspecify.annotations.NullMarked;
