package dev.otasigner.service.openapi;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.ValueConstants;

/** Puts the OpenAPI document together from controllers and {@link Operations}. */
final class OpenApiDocument {
  private static final Pattern VARIABLE = Pattern.compile("\\{([a-zA-Z]+)}");
  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";
  private static final String DESCRIPTION =
      "The management port of OTA Signer. Every refusal is an RFC 9457 problem whose type is"
          + " explained in docs/reference/problems.md; who may call what stands in"
          + " docs/reference/access.md. The device API (mutual TLS) and the catalogue's files (TUF)"
          + " are other interfaces, described in docs/reference/wire-contracts.md.";

  private final Schemas schemas = new Schemas();

  Json.Obj of(Map<String, Method> endpoints, List<Operation> described) {
    Map<String, Map<String, Json>> paths = new TreeMap<>();
    for (Operation operation : described) {
      Method method = endpoints.get(operation.endpoint());
      if (method != null) {
        String[] parts = operation.endpoint().split(" ", 2);
        paths
            .computeIfAbsent(parts[1], p -> new TreeMap<>())
            .put(parts[0].toLowerCase(Locale.ROOT), operation(operation, method));
      }
    }
    Json.Builder pathItems = Json.object();
    paths.forEach((path, methods) -> pathItems.put(path, new Json.Obj(methods)));
    schemas.of(Shapes.Problem.class, "");
    return Json.object()
        .put("openapi", "3.0.3")
        .put(
            "info",
            Json.object()
                .put("title", "OTA Signer")
                .put("version", "1")
                .put("description", DESCRIPTION)
                .put("license", Json.object().put("name", "Apache-2.0").build())
                .build())
        .put(
            "servers",
            List.of(
                Json.object()
                    .put("url", "http://127.0.0.1:8080")
                    .put("description", "where the service listens by default")
                    .build()))
        .put("paths", pathItems.build())
        .put(
            "components",
            Json.object()
                .put("schemas", schemas.components())
                .put(
                    "securitySchemes",
                    Json.object()
                        .put(
                            "token",
                            Json.object().put("type", "http").put("scheme", "bearer").build())
                        .build())
                .build())
        .build();
  }

  private Json.Obj operation(Operation operation, Method method) {
    boolean open = !method.isAnnotationPresent(AllowedTo.class);
    Json.Builder json =
        Json.object()
            .put("operationId", operation.id())
            .put("summary", operation.summary())
            .put("description", roles(method))
            .put("tags", Json.strings(List.of("signer")))
            .put("responses", responses(operation, method, open));
    List<Json> parameters = parameters(operation.endpoint(), method);
    if (!parameters.isEmpty()) {
      json.put("parameters", parameters);
    }
    Json.Obj body = body(operation, method);
    if (body != null) {
      json.put("requestBody", body);
    }
    if (!open) {
      json.put("security", List.of(Json.object().put("token", Json.strings(List.of())).build()));
    }
    return json.build();
  }

  private static String roles(Method method) {
    AllowedTo allowed = method.getAnnotation(AllowedTo.class);
    if (allowed == null) {
      return "Open to all.";
    }
    return allowed.value().length == Role.values().length
        ? "For every role."
        : "For the roles "
            + Arrays.stream(allowed.value()).map(Role::code).collect(Collectors.joining(", "))
            + ".";
  }

  private List<Json> parameters(String endpoint, Method method) {
    List<Json> parameters = new ArrayList<>();
    Matcher variable = VARIABLE.matcher(endpoint);
    while (variable.find()) {
      String name = variable.group(1);
      parameters.add(
          Json.object()
              .put("name", name)
              .put("in", "path")
              .put("required", true)
              .put("schema", schemas.of(String.class, name))
              .build());
    }
    for (Parameter parameter : method.getParameters()) {
      RequestParam query = parameter.getAnnotation(RequestParam.class);
      if (query != null) {
        boolean required =
            !parameter.getAnnotatedType().isAnnotationPresent(Nullable.class)
                && query.defaultValue().equals(ValueConstants.DEFAULT_NONE);
        parameters.add(
            Json.object()
                .put("name", parameter.getName())
                .put("in", "query")
                .put("required", required)
                .put("schema", schemas.of(parameter.getType(), parameter.getName()))
                .build());
      }
    }
    return parameters;
  }

  private Json.@Nullable Obj body(Operation operation, Method method) {
    for (Parameter parameter : method.getParameters()) {
      RequestBody body = parameter.getAnnotation(RequestBody.class);
      if (body != null) {
        Class<?> shape = operation.takes() == null ? parameter.getType() : operation.takes();
        boolean required =
            body.required() && !parameter.getAnnotatedType().isAnnotationPresent(Nullable.class);
        return content(JSON, schemas.of(shape, ""), required);
      }
      if (parameter.getType() == HttpServletRequest.class
          && operation.takes() == null
          && operation.endpoint().startsWith("PUT ")) {
        return content("application/octet-stream", binary(), true);
      }
      if (operation.id().equals("importDevices")) {
        Json.Obj list = Json.object().put("schema", binary()).build();
        return Json.object()
            .put("required", true)
            .put(
                "content",
                Json.object().put("text/csv", list).put("application/x-ndjson", list).build())
            .build();
      }
      if (operation.endpoint().equals("POST /api/v1/payloads")) {
        Json.Obj files =
            Json.object().put("type", "object").put("additionalProperties", binary()).build();
        return content("multipart/form-data", files, true);
      }
    }
    return null;
  }

  private static Json.Obj content(String mediaType, Json.Obj schema, boolean required) {
    return Json.object().put("required", required).put("content", media(mediaType, schema)).build();
  }

  private static Json.Obj media(String mediaType, Json.Obj schema) {
    return Json.object().put(mediaType, Json.object().put("schema", schema).build()).build();
  }

  private static Json.Obj binary() {
    return Json.object().put("type", "string").put("format", "binary").build();
  }

  private Json.Obj responses(Operation operation, Method method, boolean open) {
    Map<String, Json> responses = new LinkedHashMap<>();
    if (operation.answers().isEmpty()) {
      ResponseStatus declared = method.getAnnotation(ResponseStatus.class);
      int status = declared == null ? 200 : declared.code().value();
      status = declared != null && status == 500 ? declared.value().value() : status;
      Type type = method.getGenericReturnType();
      responses.put(
          Integer.toString(status),
          type == void.class ? answer("Done.", null) : answer("Done.", media(JSON, result(type))));
    }
    operation
        .answers()
        .forEach((status, answer) -> responses.put(Integer.toString(status), answer(answer)));
    boolean hasParts = method.getReturnType() == ResponseEntity.class && isFile(operation);
    if (hasParts) {
      responses.put("206", answer("A part of the bytes.", media("*/*", binary())));
    }
    Map<Integer, List<String>> problems = new TreeMap<>();
    for (ProblemType type : operation.allProblems(open)) {
      problems.computeIfAbsent(type.status().value(), s -> new ArrayList<>()).add(type.uri());
    }
    if (hasParts) {
      problems.put(416, List.of(ProblemType.RANGE_NOT_SATISFIABLE.uri()));
    }
    problems.forEach(
        (status, types) ->
            responses.put(
                Integer.toString(status),
                problem("Refused: " + String.join(", ", types) + ".", types)));
    return new Json.Obj(responses);
  }

  private static boolean isFile(Operation operation) {
    return operation.answers().values().stream()
        .anyMatch(answer -> answer.shape() == null && !answer.mediaType().isEmpty());
  }

  private Json.Obj result(Type type) {
    if (!(type instanceof ParameterizedType) && !((Class<?>) type).isRecord()) {
      throw new IllegalStateException(type + " tells nothing: describe the answer in Operations");
    }
    return schemas.of(type, "");
  }

  private Json.Obj answer(Operation.Answer answer) {
    if (answer.mediaType().isEmpty()) {
      return answer("Done.", null);
    }
    if (answer.shape() == null) {
      return answer("The bytes.", media(answer.mediaType(), binary()));
    }
    Json.Obj schema = schemas.of(answer.shape(), "");
    Json.Obj body =
        answer.isList() ? Json.object().put("type", "array").put("items", schema).build() : schema;
    return answer("Done.", media(answer.mediaType(), body));
  }

  private static Json.Obj answer(String description, Json.@Nullable Obj content) {
    return Json.object().put("description", description).put("content", content).build();
  }

  private Json.Obj problem(String description, List<String> types) {
    return Json.object()
        .put("description", description)
        .put("content", media(PROBLEM, schemas.of(Shapes.Problem.class, "")))
        .put("x-problem-types", Json.strings(types))
        .build();
  }
}
