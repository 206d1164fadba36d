/**
 * A PostgreSQL of a test's own, from real binaries: started in under a second, without privileges,
 * listening on the loopback alone, gone with the test. System tests use it too.
 */
@NullMarked
package dev.otasigner.service.postgres;

import org.jspecify.annotations.NullMarked;
