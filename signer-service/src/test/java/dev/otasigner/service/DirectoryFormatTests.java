package dev.otasigner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryFormatTests {
  @TempDir Path data;

  @Test
  void anOldDirectoryGetsTheNumberOfTheNewestMigration() throws Exception {
    DirectoryFormat.claim(data);
    assertThat(data.resolve("format")).hasContent(Integer.toString(DirectoryFormat.known()));
    assertThat(DirectoryFormat.known()).isGreaterThanOrEqualTo(85);
    DirectoryFormat.claim(data);
    Files.writeString(data.resolve("format"), "67\n");
    DirectoryFormat.claim(data);
    assertThat(data.resolve("format")).hasContent(Integer.toString(DirectoryFormat.known()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999", "", "later", "-1", "99999999999999999999"})
  void aDirectoryOfANewerServiceIsRefusedAndLeftAsItIs(String number) throws Exception {
    Files.writeString(data.resolve("format"), number);
    assertThatThrownBy(() -> DirectoryFormat.claim(data))
        .isInstanceOf(DirectoryFormat.NewerException.class);
    assertThat(Files.readString(data.resolve("format"))).isEqualTo(number);
  }
}
