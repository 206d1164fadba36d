package dev.otasigner.service.access;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The roles that may call an endpoint under {@code /api}; one of them is enough. An endpoint with
 * neither this nor {@link OpenToAll} lets nobody in. The table in {@code docs/reference/access.md}
 * repeats it, and a test compares both by calling.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface AllowedTo {
  /** Every role there is when left out. */
  Role[] value() default {
    Role.RELEASE_ENGINEER,
    Role.APPROVER,
    Role.KEY_CUSTODIAN,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
    Role.PIPELINE
  };

  /**
   * Whether a role for some product is enough where the path names no product: the endpoint then
   * judges the product itself, or what it gives belongs to none. Otherwise the role must be held
   * everywhere, or for the product of the path.
   */
  boolean ofAnyProduct() default false;

  /** Whether somebody whose password was handed out may call it before changing that. */
  boolean beforePasswordChange() default false;
}
