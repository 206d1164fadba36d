/**
 * The connections to the database. The embedded one needs nothing; a server is another machine,
 * which may be slow, gone, or silent: every wait for it has an end.
 */
@NullMarked
package dev.otasigner.service.database;

import org.jspecify.annotations.NullMarked;
