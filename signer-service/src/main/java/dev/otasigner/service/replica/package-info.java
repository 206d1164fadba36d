/**
 * Several services on one PostgreSQL and one shared directory. One of them is active: it holds the
 * lease of the worker and is the whole service. Another one stands by: it serves the catalogue's
 * files, hands every other request on to the active one, and starts as the whole service once the
 * lease is its own. Whoever has lost the lease ends; it writes nothing any more.
 */
@NullMarked
package dev.otasigner.service.replica;

import org.jspecify.annotations.NullMarked;
