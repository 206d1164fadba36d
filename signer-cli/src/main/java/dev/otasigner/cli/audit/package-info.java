/** The audit log: read at the service, verified here. */
@NullMarked
package dev.otasigner.cli.audit;

import org.jspecify.annotations.NullMarked;
