package dev.otasigner.device.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test class that has a signing service.
 *
 * <p>Tests, life-cycle methods and constructors may take a {@link
 * dev.otasigner.device.lab.ServiceUnderTest}, which is one for the whole class (and those within
 * it) and is stopped with it, and {@link dev.otasigner.device.lab.LabDevice}s, each a new device of
 * its product. The program to start is that of {@link
 * dev.otasigner.device.lab.ServiceUnderTest#start}.
 */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OtaServiceExtension.class)
public @interface OtaService {}
