package dev.otasigner.service.fleet;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Products with their hardware and channels. */
@Component
public class Products {
  /** First parts of paths that are not products. */
  private static final Set<String> RESERVED = Set.of("device", "api", "actuator", "catalogue");

  private static final int MAX_REVISIONS = 32;
  private static final int MAX_POLICY_BYTES = 64 * 1024;

  private final JdbcClient jdbc;
  private final AuditLog audit;
  private final Clock clock;

  Products(JdbcClient jdbc, AuditLog audit, Clock clock) {
    this.jdbc = jdbc;
    this.audit = audit;
    this.clock = clock;
  }

  public record Product(String name, ProductPolicy policy) {}

  /** A hardware id and the revisions that were made. */
  public record Hardware(String id, List<String> revisions) {
    public Hardware {
      revisions = List.copyOf(revisions);
    }
  }

  public List<Product> list() {
    return jdbc.sql("select name, policy from fleet_product order by name")
        .query((row, n) -> product(row.getString(1), row.getString(2)))
        .list();
  }

  private static Product product(String name, String policy) {
    return new Product(name, policy(name, policy));
  }

  /** As it was stored. */
  static ProductPolicy policy(String name, String policy) {
    try {
      byte[] stored = policy.getBytes(StandardCharsets.UTF_8);
      Fields fields = new Fields(JsonReader.readObject(stored, MAX_POLICY_BYTES).json(), "policy");
      return ProductPolicy.read(fields);
    } catch (RejectedException e) {
      throw new IllegalStateException("the policy of " + name + " is damaged in the database", e);
    }
  }

  public Optional<Product> find(String name) {
    return jdbc.sql("select policy from fleet_product where name = ?")
        .param(name)
        .query((row, n) -> product(name, row.getString(1)))
        .optional();
  }

  /**
   * The product of this name.
   *
   * @throws SignerException NOT_FOUND
   */
  public Product require(String name) {
    return find(name).orElseThrow(() -> SignerException.notFound("product " + name));
  }

  /** Lets nobody else change what the product has until the transaction under way ends. */
  private void hold(String name) {
    List<String> held =
        jdbc.sql("select name from fleet_product where name = ? for update")
            .param(name)
            .query(String.class)
            .list();
    if (held.isEmpty()) {
      throw SignerException.notFound("product " + name);
    }
  }

  @Transactional
  public Product create(String name, ProductPolicy policy) {
    requireName("name", name);
    if (RESERVED.contains(name)) {
      throw bad("name: " + name + " is a name of the service's own");
    }
    if (find(name).isPresent()) {
      throw SignerException.conflict("there is a product " + name + " already");
    }
    jdbc.sql("insert into fleet_product (name, policy, created) values (?, ?, ?)")
        .params(name, text(policy), OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
        .update();
    audit.record("product.created", "product:" + name, Map.of("policy", text(policy)));
    return new Product(name, policy);
  }

  static String text(ProductPolicy policy) {
    return new String(policy.toJson().canonicalBytes(), StandardCharsets.UTF_8);
  }

  /**
   * Changes a product's policy, for {@link PolicyChanges}. Requests that wait are judged by the new
   * one before they sign.
   *
   * @param more who else took part, for the audit log
   */
  @Transactional
  Product change(String name, ProductPolicy policy, Map<String, String> more) {
    Product before = require(name);
    jdbc.sql("update fleet_product set policy = ? where name = ?")
        .params(text(policy), name)
        .update();
    Map<String, String> details = new HashMap<>(more);
    details.put("before", before.policy().digest().hex());
    details.put("after", policy.digest().hex());
    details.put("policy", text(policy));
    audit.record("policy.changed", "product:" + name, details);
    return new Product(name, policy);
  }

  /** By id. */
  public List<Hardware> hardware(String product) {
    return jdbc.sql("select id, revisions from fleet_hardware where product = ? order by id")
        .param(product)
        .query(
            (row, n) ->
                new Hardware(row.getString(1), Arrays.asList(row.getString(2).split(",", -1))))
        .list();
  }

  public Optional<Hardware> hardware(String product, String id) {
    return hardware(product).stream().filter(hardware -> hardware.id().equals(id)).findFirst();
  }

  /** Adds hardware, or revisions to hardware that is there. */
  @Transactional
  public Hardware addHardware(String product, String id, List<String> revisions) {
    hold(product);
    requireName("id", id);
    if (revisions.isEmpty() || revisions.size() > MAX_REVISIONS) {
      throw bad("revisions: 1 to " + MAX_REVISIONS + " are expected");
    }
    revisions.forEach(revision -> requireName("revisions", revision));
    Hardware added = new Hardware(id, revisions.stream().distinct().toList());
    Optional<Hardware> before = hardware(product, id);
    if (before.isPresent()) {
      if (!added.revisions().containsAll(before.get().revisions())) {
        throw SignerException.conflict("a revision that was made can not be taken back");
      }
      jdbc.sql("update fleet_hardware set revisions = ? where product = ? and id = ?")
          .params(String.join(",", added.revisions()), product, id)
          .update();
    } else {
      jdbc.sql("insert into fleet_hardware values (?, ?, ?)")
          .params(product, id, String.join(",", added.revisions()))
          .update();
    }
    audit.record(
        "hardware.added",
        "hardware:" + product + "/" + id,
        Map.of("revisions", String.join(",", added.revisions())));
    return added;
  }

  public List<String> channels(String product) {
    return jdbc.sql("select name from fleet_channel where product = ? order by name")
        .param(product)
        .query(String.class)
        .list();
  }

  @Transactional
  public void addChannel(String product, String name) {
    require(product);
    requireName("name", name);
    if (channels(product).contains(name)) {
      throw SignerException.conflict("there is a channel " + name + " already");
    }
    jdbc.sql("insert into fleet_channel values (?, ?)").params(product, name).update();
    audit.record("channel.added", "channel:" + product + "/" + name, Map.of());
  }

  static void requireName(String field, String name) {
    if (!Fields.isName(name)) {
      throw bad(field + ": a name of [a-z0-9-]{1,32} is expected");
    }
  }

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
