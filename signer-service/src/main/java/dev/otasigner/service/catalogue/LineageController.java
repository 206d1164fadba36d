package dev.otasigner.service.catalogue;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Lineages of a product; a profile that names one which is not there creates it too. */
@RestController
@RequestMapping("/api/v1/products/{product}/lineages")
class LineageController {
  private final Lineages lineages;
  private final FleetFacts fleet;

  LineageController(Lineages lineages, FleetFacts fleet) {
    this.lineages = lineages;
    this.fleet = fleet;
  }

  @GetMapping
  @AllowedTo
  Json list(@PathVariable String product) {
    return new Json.Arr(List.copyOf(lineages.of(product).stream().map(Lineage::toJson).toList()));
  }

  @PostMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.KEY_CUSTODIAN})
  ResponseEntity<Json> create(@PathVariable String product, @RequestBody Json.Obj body) {
    fleet.policy(product);
    try {
      Fields fields = new Fields(body, "");
      String name = fields.name("name");
      boolean postQuantum = fields.has("postQuantum") && fields.bool("postQuantum");
      if (lineages.find(product, name).isPresent()) {
        throw SignerException.conflict("there is a lineage " + name + " already");
      }
      Lineage lineage = lineages.create(new LineageKey(product, name), postQuantum);
      return ResponseEntity.status(HttpStatus.CREATED).body(lineage.toJson());
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }
}
