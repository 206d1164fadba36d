package dev.otasigner.service.openapi;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.json.Json;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Turns records into schemas: a component is required unless it is {@code @Nullable}. */
final class Schemas {
  private static final Map<String, String> NAMES =
      Map.of(
          "PolicyBody", "NewProductPolicy",
          "AnchorBody", "NewAnchor",
          "ProfileBody", "ProfileDigest",
          "TlsBody", "ListenerTls",
          "Closed", "ClosedListener",
          "CohortBody", "ListenerCohort",
          "Sunset", "ListenerSunset",
          "Policy", "ProductPolicy");

  private final Map<String, Json> components = new TreeMap<>();
  private final Map<String, Class<?>> owners = new HashMap<>();

  Json.Obj components() {
    return new Json.Obj(new LinkedHashMap<>(components));
  }

  /** The schema of a type that stands where this facet, or member name, is known. */
  Json.Obj of(Type type, String facet) {
    if (type instanceof ParameterizedType generic) {
      Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      return generic.getRawType() == Map.class
          ? Json.object().put("type", "object").put("additionalProperties", of(last, facet)).build()
          : Json.object().put("type", "array").put("items", of(last, facet)).build();
    }
    Class<?> raw = (Class<?>) type;
    if (raw.isRecord() && raw != Digest.class && raw != ImageVersion.class) {
      return record(raw);
    }
    if (raw == String.class) {
      return string(facet);
    }
    if (raw == int.class || raw == Integer.class) {
      return number("int32", facet);
    }
    if (raw == long.class || raw == Long.class) {
      return number("int64", facet);
    }
    return plain(raw);
  }

  private static Json.Obj plain(Class<?> raw) {
    Json.Builder schema = Json.object();
    if (raw == boolean.class || raw == Boolean.class) {
      schema.put("type", "boolean");
    } else if (raw == UUID.class) {
      schema.put("type", "string").put("format", "uuid");
    } else if (raw == Instant.class) {
      schema.put("type", "string").put("format", "date-time");
    } else if (raw == Digest.class) {
      schema.put("type", "string").put("pattern", "^[0-9a-f]{64}$");
    } else if (raw == ImageVersion.class) {
      schema.put("type", "string").put("pattern", "^[0-9]+(\\.[0-9]+){2}\\+[0-9]+$");
    } else if (raw != Json.class) {
      throw new IllegalStateException(raw + " has no schema: use a record, or describe it");
    }
    return schema.build();
  }

  private Json.Obj string(String facet) {
    Json.Obj known = Facets.of(facet).orElse(Json.object().build());
    if (known.members().containsKey("minimum")) {
      known = Json.object().build(); // bounds of a number that has the same name elsewhere
    }
    Json.Obj schema = with(known, "string", null);
    return known.members().containsKey("enum")
        ? component(Facets.vocabulary(facet), schema)
        : schema;
  }

  private static Json.Obj number(String format, String facet) {
    Json.Obj known =
        Facets.of(facet)
            .filter(f -> f.members().containsKey("minimum"))
            .orElse(Json.object().build());
    return with(known, "integer", format);
  }

  private static Json.Obj with(Json.Obj known, String type, @Nullable String format) {
    Map<String, Json> members = new LinkedHashMap<>(known.members());
    members.put("type", new Json.Str(type));
    if (format != null) {
      members.put("format", new Json.Str(format));
    }
    return new Json.Obj(members);
  }

  private Json.Obj record(Class<?> raw) {
    String name = name(raw);
    Class<?> owner = owners.putIfAbsent(name, raw);
    if (owner != null && owner != raw) {
      throw new IllegalStateException(owner + " and " + raw + " are both called " + name);
    }
    if (owner == null) {
      Json.Builder properties = Json.object();
      List<String> required = new ArrayList<>();
      for (RecordComponent component : raw.getRecordComponents()) {
        String member = member(component);
        properties.put(member, of(component.getGenericType(), facet(component)));
        if (!component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
          required.add(member);
        }
      }
      Json.Builder schema =
          Json.object().put("type", "object").put("properties", properties.build());
      if (!required.isEmpty()) {
        schema.put("required", Json.strings(required));
      }
      components.put(name, schema.build());
    }
    return ref(name);
  }

  private Json.Obj component(String name, Json.Obj schema) {
    components.put(name, schema);
    return ref(name);
  }

  private static Json.Obj ref(String name) {
    return Json.object().put("$ref", "#/components/schemas/" + name).build();
  }

  private static String name(Class<?> raw) {
    String simple = raw.getSimpleName();
    String plain = simple.endsWith("Body") ? simple.substring(0, simple.length() - 4) : simple;
    return NAMES.getOrDefault(simple, plain);
  }

  private static String member(RecordComponent component) {
    Facets.Named named = component.getAnnotation(Facets.Named.class);
    return named == null ? component.getName() : named.value();
  }

  private static String facet(AnnotatedElement component) {
    Facets.Is is = component.getAnnotation(Facets.Is.class);
    return is != null ? is.value() : ((RecordComponent) component).getName();
  }
}
