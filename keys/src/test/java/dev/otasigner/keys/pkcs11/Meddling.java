package dev.otasigner.keys.pkcs11;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A module that counts its calls, and does some of them otherwise than it is told. */
final class Meddling {
  final List<String> calls = new ArrayList<>();
  private final Cryptoki module;

  /** Changes templates of private keys before the module sees them. */
  UnaryOperator<Template> privateKeys = template -> template;

  /** Changes signatures after the module has made them. */
  UnaryOperator<byte[]> signatures = signature -> signature;

  Meddling(Cryptoki module) {
    this.module = module;
  }

  Cryptoki cryptoki() {
    return (Cryptoki)
        Proxy.newProxyInstance(
            Cryptoki.class.getClassLoader(),
            new Class<?>[] {Cryptoki.class},
            (proxy, method, arguments) -> {
              calls.add(method.getName());
              try {
                return changed(method.invoke(module, changed(method.getName(), arguments)));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private @Nullable Object[] changed(String function, @Nullable Object[] arguments) {
    if (function.equals("generate") && arguments[3] instanceof Template template) {
      arguments[3] = privateKeys.apply(template);
    }
    if (function.equals("create")
        && arguments[1] instanceof Template template
        && Long.valueOf(Ck.CKO_PRIVATE_KEY).equals(template.values().get(Ck.CKA_CLASS))) {
      arguments[1] = privateKeys.apply(template);
    }
    return arguments;
  }

  private @Nullable Object changed(@Nullable Object result) {
    return result instanceof byte[] signature && calls.get(calls.size() - 1).equals("sign")
        ? signatures.apply(signature)
        : result;
  }
}
