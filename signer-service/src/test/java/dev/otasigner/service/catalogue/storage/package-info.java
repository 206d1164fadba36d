/** Storages of repositories. */
@NullMarked
package dev.otasigner.service.catalogue.storage;

import org.jspecify.annotations.NullMarked;
