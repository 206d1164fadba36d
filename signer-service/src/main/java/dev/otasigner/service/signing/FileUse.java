package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import java.util.Set;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Which builds have an image or a component, without a look into every manifest. */
final class FileUse {
  private final JdbcClient jdbc;

  FileUse(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  boolean isEmpty() {
    return jdbc.sql("select count(*) from build_file").query(Long.class).single() == 0;
  }

  /** Notes the files of a build in place of what was noted, in the transaction under way. */
  void add(Build build, Set<Digest> files) {
    jdbc.sql("delete from build_file where product = ? and version = ?")
        .params(build.product(), build.version().toString())
        .update();
    for (Digest file : files) {
      jdbc.sql("insert into build_file (product, version, sha256) values (?, ?, ?)")
          .params(build.product(), build.version().toString(), file.hex())
          .update();
    }
  }

  /** Whether another build has the file that is not pruned itself. */
  boolean isOfAnother(Build build, Digest file) {
    return jdbc.sql(
                "select count(*) from build_file f where f.sha256 = ?"
                    + " and not (f.product = ? and f.version = ?)"
                    + " and not exists (select 1 from build_pruned p"
                    + " where p.product = f.product and p.version = f.version)")
            .params(file.hex(), build.product(), build.version().toString())
            .query(Long.class)
            .single()
        > 0;
  }
}
