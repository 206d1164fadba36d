/** Tests of the audit log as an outsider verifies it. */
@NullMarked
package dev.otasigner.cli.audit;

import org.jspecify.annotations.NullMarked;
