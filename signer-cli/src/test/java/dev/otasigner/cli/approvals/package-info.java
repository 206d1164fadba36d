/** What an approver is shown, refused and asked to sign. */
@NullMarked
package dev.otasigner.cli.approvals;

import org.jspecify.annotations.NullMarked;
