/**
 * What approvers sign, and the request they sign it for: shared by whoever makes approvals and the
 * worker that checks them.
 */
@NullMarked
package dev.otasigner.keys.approval;

import org.jspecify.annotations.NullMarked;
