package dev.otasigner.service.problem;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.json.Times;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Executable;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.Version;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.NopAnnotationIntrospector;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * Holds request bodies to their records: a component must be there and not null unless it is marked
 * {@code @Nullable}, and a list holds no null. Writes the house's values as the contracts spell
 * them.
 */
public final class JacksonStrictness {
  private JacksonStrictness() {}

  public static JacksonModule module() {
    SimpleModule module =
        new SimpleModule("ota-signer") {
          private static final long serialVersionUID = 1L;

          @Override
          public void setupModule(SetupContext context) {
            super.setupModule(context);
            context.insertAnnotationIntrospector(new Required());
          }
        };
    module.addSerializer(new Text<>(Digest.class, Digest::hex));
    module.addSerializer(new Text<>(ImageVersion.class, ImageVersion::toString));
    module.addSerializer(new Text<>(Instant.class, Times::format));
    return module;
  }

  /** A value that is a string on the wire. */
  private static final class Text<T> extends StdSerializer<T> {
    private final java.util.function.Function<T, String> format;

    Text(Class<T> type, java.util.function.Function<T, String> format) {
      super(type);
      this.format = format;
    }

    @Override
    public void serialize(T value, JsonGenerator out, SerializationContext context) {
      out.writeString(format.apply(value));
    }
  }

  /** Makes every record component required that is neither nullable nor optional. */
  private static final class Required extends NopAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
      return isRequired(member) ? Boolean.TRUE : null;
    }

    @Override
    public JsonSetter.Value findSetterInfo(MapperConfig<?> config, Annotated member) {
      return isRequired(member)
          ? JsonSetter.Value.forValueNulls(Nulls.FAIL, Nulls.FAIL)
          : JsonSetter.Value.forContentNulls(Nulls.FAIL);
    }

    private static boolean isRequired(Annotated member) {
      if (!(member instanceof AnnotatedParameter parameter)
          || !parameter.getDeclaringClass().isRecord()
          || !(parameter.getOwner().getAnnotated() instanceof Executable constructor)) {
        return false;
      }
      AnnotatedType type = constructor.getAnnotatedParameterTypes()[parameter.getIndex()];
      return !type.isAnnotationPresent(Nullable.class) && parameter.getRawType() != Optional.class;
    }

    @Override
    public Version version() {
      return Version.unknownVersion();
    }
  }
}
