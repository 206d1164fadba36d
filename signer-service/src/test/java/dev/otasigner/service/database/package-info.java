/** Tests of the connections, and of both databases' tables. */
@NullMarked
package dev.otasigner.service.database;

import org.jspecify.annotations.NullMarked;
