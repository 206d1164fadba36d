package dev.otasigner.service.fleet;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

  record PolicyBody(
      @Nullable Boolean evenMajorsOnly,
      @Nullable Long maxCounterStep,
      @Nullable Integer timestampDays) {

    Products.Policy policy() {
      Products.Policy standard = Products.Policy.DEFAULT;
      return new Products.Policy(
          evenMajorsOnly == null ? standard.evenMajorsOnly() : evenMajorsOnly,
          maxCounterStep == null ? standard.maxCounterStep() : maxCounterStep,
          timestampDays == null ? standard.timestampDays() : timestampDays);
    }
  }

  record NewProduct(String name, @Nullable PolicyBody policy) {}

  record NewHardware(String id, List<String> revisions) {}

  record Named(String name) {}

  record NewFactory(String name, String certificate) {}

  @GetMapping
  @AllowedTo
  List<Products.Product> list() {
    return products.list();
  }

  @PostMapping
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.CREATED)
  Products.Product create(@RequestBody NewProduct body) {
    PolicyBody policy = body.policy();
    return products.create(body.name(), policy == null ? Products.Policy.DEFAULT : policy.policy());
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
