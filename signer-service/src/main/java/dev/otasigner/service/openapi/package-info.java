/**
 * The description of the HTTP API that programs read: an OpenAPI document, made from the
 * controllers by a test and packaged as it is. Nothing here looks at a request.
 */
@NullMarked
package dev.otasigner.service.openapi;

import org.jspecify.annotations.NullMarked;
