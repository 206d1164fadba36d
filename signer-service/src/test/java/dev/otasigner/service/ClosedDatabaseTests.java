package dev.otasigner.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;
import org.h2.api.ErrorCode;
import org.junit.jupiter.api.Test;

class ClosedDatabaseTests {
  private final ClosedDatabase closed = new ClosedDatabase();

  @Test
  void connectionToADatabaseThatClosedItselfIsLetGo() {
    SQLException gone =
        new SQLException("The database has been closed", "90098", ErrorCode.DATABASE_IS_CLOSED);
    assertThat(closed.adjudicate(gone)).isEqualTo(SQLExceptionOverride.Override.MUST_EVICT);
  }

  @Test
  void connectionToAServerThatOnlyReadsNowIsLetGo() {
    SQLException standby =
        new SQLException("cannot execute INSERT in a read-only transaction", "25006");
    assertThat(closed.adjudicate(standby)).isEqualTo(SQLExceptionOverride.Override.MUST_EVICT);
  }

  @Test
  void connectionThatOnlySaidNoIsKept() {
    assertThat(closed.adjudicate(new SQLException("syntax", "42000", 42000)))
        .isEqualTo(SQLExceptionOverride.Override.CONTINUE_EVICT);
  }
}
