/** Tests of backup and restore. */
@NullMarked
package dev.otasigner.keys.backup;

import org.jspecify.annotations.NullMarked;
