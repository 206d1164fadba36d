package dev.otasigner.service.fleet;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import java.util.Optional;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Products, hardware, channels and factories. */
@RestController
@RequestMapping("/api/v1/products")
class ProductController {
  private final Products products;
  private final FactoryAuthorities factories;

  ProductController(Products products, FactoryAuthorities factories) {
    this.products = products;
    this.factories = factories;
  }

  record NewHardware(String id, List<String> revisions) {}

  record Named(String name) {}

  record NewFactory(String name, String certificate) {}

  /** Those for which the caller has a role. */
  @GetMapping
  @AllowedTo(ofAnyProduct = true)
  Json list() {
    Actor actor = Actor.current();
    return new Json.Arr(
        List.copyOf(
            products.list().stream()
                .filter(p -> actor.rights().reach(p.name()))
                .map(ProductController::json)
                .toList()));
  }

  private static Json json(Products.Product product) {
    return Json.object()
        .put("name", product.name())
        .put("policy", product.policy().toJson())
        .build();
  }

  @PostMapping
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.CREATED)
  Json create(@RequestBody Json.Obj body) {
    try {
      Fields fields = new Fields(body, "");
      Optional<Fields> policy = fields.optionalObject("policy");
      return json(
          products.create(
              fields.string("name"),
              policy.isPresent() ? ProductPolicy.read(policy.get()) : ProductPolicy.DEFAULT));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @GetMapping("/{product}/hardware")
  @AllowedTo
  List<Products.Hardware> hardware(@PathVariable String product) {
    products.require(product);
    return products.hardware(product);
  }

  @PostMapping("/{product}/hardware")
  @AllowedTo({Role.ADMINISTRATOR, Role.RELEASE_ENGINEER})
  @ResponseStatus(HttpStatus.CREATED)
  Products.Hardware addHardware(@PathVariable String product, @RequestBody NewHardware body) {
    return products.addHardware(product, body.id(), body.revisions());
  }

  @GetMapping("/{product}/channels")
  @AllowedTo
  List<Named> channels(@PathVariable String product) {
    products.require(product);
    return products.channels(product).stream().map(Named::new).toList();
  }

  @PostMapping("/{product}/channels")
  @AllowedTo({Role.ADMINISTRATOR, Role.RELEASE_ENGINEER})
  @ResponseStatus(HttpStatus.CREATED)
  Named addChannel(@PathVariable String product, @RequestBody Named body) {
    products.addChannel(product, body.name());
    return body;
  }

  @GetMapping("/{product}/factories")
  @AllowedTo
  List<Named> factories(@PathVariable String product) {
    products.require(product);
    return factories.names(product).stream().map(Named::new).toList();
  }

  @PostMapping("/{product}/factories")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.CREATED)
  Named addFactory(@PathVariable String product, @RequestBody NewFactory body) {
    factories.add(product, body.name(), body.certificate());
    return new Named(body.name());
  }
}
