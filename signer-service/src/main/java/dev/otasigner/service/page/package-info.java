/**
 * Lists that grow without bound are answered in pages, of which no more is read than is shown. A
 * page names where the next one begins; nothing of a list that does not change is shown twice or
 * left out.
 */
@NullMarked
package dev.otasigner.service.page;

import org.jspecify.annotations.NullMarked;
