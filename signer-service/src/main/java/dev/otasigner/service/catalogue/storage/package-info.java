/**
 * Where a repository's files lie, in the words of an object store: objects that are written once or
 * are named by their digest, and one pointer that is replaced under a condition. Whoever writes
 * holds a lease with a rising number; a writer that was taken for dead and wakes up can not change
 * anything that counts. Nothing here knows what the files mean.
 */
@NullMarked
package dev.otasigner.service.catalogue.storage;

import org.jspecify.annotations.NullMarked;
