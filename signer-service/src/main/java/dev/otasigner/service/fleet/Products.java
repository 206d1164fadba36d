package dev.otasigner.service.fleet;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Fields;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
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

  private final JdbcClient jdbc;
  private final AuditLog audit;
  private final Clock clock;

  Products(JdbcClient jdbc, AuditLog audit, Clock clock) {
    this.jdbc = jdbc;
    this.audit = audit;
    this.clock = clock;
  }

  /**
   * What a product demands of its builds and its catalogue.
   *
   * @param evenMajorsOnly odd major versions are internal
   * @param maxCounterStep by how much one build may raise the security counter
   * @param timestampDays how long a withdrawal may take to reach a device
   */
  public record Policy(boolean evenMajorsOnly, long maxCounterStep, int timestampDays) {
    public static final Policy DEFAULT = new Policy(false, 1, 7);

    public Policy {
      if (maxCounterStep < 0 || maxCounterStep > 0xffff_ffffL) {
        throw bad("policy.maxCounterStep: 0 to 2^32-1 is expected");
      }
      if (timestampDays < 1 || timestampDays > 90) {
        throw bad("policy.timestampDays: 1 to 90 is expected");
      }
    }
  }

  public record Product(String name, Policy policy) {}

  /** A hardware id and the revisions that were made. */
  public record Hardware(String id, List<String> revisions) {
    public Hardware {
      revisions = List.copyOf(revisions);
    }
  }

  public List<Product> list() {
    return jdbc.sql(
            "select name, even_majors_only, max_counter_step, timestamp_days from fleet_product"
                + " order by name")
        .query(
            (row, n) ->
                new Product(
                    row.getString(1), new Policy(row.getBoolean(2), row.getLong(3), row.getInt(4))))
        .list();
  }

  public Optional<Product> find(String name) {
    return list().stream().filter(product -> product.name().equals(name)).findFirst();
  }

  /**
   * The product of this name.
   *
   * @throws SignerException NOT_FOUND
   */
  public Product require(String name) {
    return find(name).orElseThrow(() -> SignerException.notFound("product " + name));
  }

  @Transactional
  public Product create(String name, Policy policy) {
    requireName("name", name);
    if (RESERVED.contains(name)) {
      throw bad("name: " + name + " is a name of the service's own");
    }
    if (find(name).isPresent()) {
      throw SignerException.conflict("there is a product " + name + " already");
    }
    jdbc.sql("insert into fleet_product values (?, ?, ?, ?, ?)")
        .params(
            name,
            policy.evenMajorsOnly(),
            policy.maxCounterStep(),
            policy.timestampDays(),
            OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
        .update();
    audit.record("product.created", "product:" + name, Map.of());
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
    require(product);
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
