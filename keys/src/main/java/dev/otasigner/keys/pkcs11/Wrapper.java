package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Reflection on the JDK's binding of PKCS#11, whose types cannot be named at compile time. */
final class Wrapper {
  /** Stands for the value of an attribute that is asked for. */
  static final Object NOTHING = new Object();

  private static final String PACKAGE = "sun.security.pkcs11.wrapper";

  private final Map<String, Method> functions = new ConcurrentHashMap<>();
  private final Map<String, Constructor<?>> constructors = new ConcurrentHashMap<>();

  /**
   * Says what is missing, if the JVM was not started with access to the binding.
   *
   * @throws TokenUnavailable then
   */
  void requireOpen() {
    Optional<Class<?>> binding = find("PKCS11");
    if (binding.isEmpty()) {
      throw new TokenUnavailable("this JDK has no PKCS#11 (module jdk.crypto.cryptoki)");
    }
    if (!binding.get().getModule().isExported(PACKAGE, Wrapper.class.getModule())) {
      throw new TokenUnavailable(
          "a PKCS#11 token needs java to be started with " + Pkcs11Module.JVM_OPTION);
    }
  }

  private static Optional<Class<?>> find(String name) {
    try {
      return Optional.of(Class.forName(PACKAGE + "." + name));
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
  }

  static Class<?> type(String name) {
    return find(name).orElseThrow(() -> new IllegalStateException("no " + name + " in this JDK"));
  }

  /** The module behind a path, initialized. */
  Object getInstance(String path, String functionList, Object initialization)
      throws CryptokiException, IOException {
    try {
      Method method =
          type("PKCS11")
              .getMethod(
                  "getInstance",
                  String.class,
                  String.class,
                  type("CK_C_INITIALIZE_ARGS"),
                  boolean.class);
      return method.invoke(null, path, functionList, initialization, false);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw failure(e);
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  /** Calls a function of the module by its name in the standard. */
  @Nullable Object call(Object module, String function, @Nullable Object... arguments)
      throws CryptokiException {
    try {
      return functions.computeIfAbsent(function, Wrapper::function).invoke(module, arguments);
    } catch (InvocationTargetException e) {
      throw failure(e);
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  private static Method function(String name) {
    for (Method method : type("PKCS11").getMethods()) {
      if (method.getName().equals(name)) {
        return method;
      }
    }
    throw new IllegalStateException("no " + name + " in this JDK's PKCS#11");
  }

  /** A structure of the standard, by the constructor that takes these arguments. */
  Object make(String structure, Object... arguments) {
    StringBuilder signature = new StringBuilder(structure);
    for (Object argument : arguments) {
      signature.append(' ').append(argument.getClass().getName());
    }
    try {
      return constructors
          .computeIfAbsent(signature.toString(), s -> constructor(structure, arguments))
          .newInstance(arguments);
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  private static Constructor<?> constructor(String structure, Object... arguments) {
    for (Constructor<?> constructor : type(structure).getConstructors()) {
      if (takes(constructor.getParameterTypes(), arguments)) {
        return constructor;
      }
    }
    throw new IllegalStateException("no such " + structure + " in this JDK's PKCS#11");
  }

  private static boolean takes(Class<?>[] parameters, Object[] arguments) {
    if (parameters.length != arguments.length) {
      return false;
    }
    for (int i = 0; i < parameters.length; i++) {
      if (!parameters[i].isInstance(arguments[i])
          && !(parameters[i] == long.class && arguments[i] instanceof Long)
          && !(parameters[i] == int.class && arguments[i] instanceof Integer)) {
        return false;
      }
    }
    return true;
  }

  /** What a field of a structure holds, which is something. */
  Object get(Object structure, String field) {
    return Objects.requireNonNull(find(structure, field), field);
  }

  @Nullable Object find(Object structure, String field) {
    try {
      return structure.getClass().getField(field).get(structure);
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  /**
   * Calls a method of a structure that takes these arguments.
   *
   * @return whether there is one
   */
  boolean apply(Object structure, String name, Object... arguments) {
    try {
      for (Method method : structure.getClass().getMethods()) {
        if (method.getName().equals(name) && takes(method.getParameterTypes(), arguments)) {
          method.invoke(structure, arguments);
          return true;
        }
      }
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
    return false;
  }

  void set(Object structure, String field, Object value) {
    try {
      structure.getClass().getField(field).set(structure, value);
    } catch (ReflectiveOperationException e) {
      throw unknown(e);
    }
  }

  private static CryptokiException failure(InvocationTargetException e) {
    Throwable cause = e.getCause();
    if (cause == null || !cause.getClass().getName().equals(PACKAGE + ".PKCS11Exception")) {
      throw new IllegalStateException("the JDK's PKCS#11 failed", cause);
    }
    try {
      long code = (long) cause.getClass().getMethod("getErrorCode").invoke(cause);
      return new CryptokiException(code, String.valueOf(cause.getMessage()));
    } catch (ReflectiveOperationException other) {
      throw unknown(other);
    }
  }

  private static IllegalStateException unknown(ReflectiveOperationException e) {
    return new IllegalStateException("this JDK's PKCS#11 is not the one that is known", e);
  }
}
