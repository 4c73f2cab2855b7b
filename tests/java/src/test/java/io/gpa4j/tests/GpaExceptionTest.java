package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.GpaException;
import org.junit.jupiter.api.Test;

class GpaExceptionTest {
  @Test
  void message_isOneLineAndShort() {
    assertThat(new GpaException("a.wav: chunk '\n2026 ERROR \u001b[31m\u0000\u0085'")).hasMessage("a.wav: chunk '?2026 ERROR ?[31m??'");
    assertThat(new GpaException("x".repeat(100_000)).getMessage()).hasSize(2001).endsWith("x…");
    assertThat(new GpaException("Änna 声", null)).hasMessage("Änna 声");
    assertThat(new GpaException(null)).hasMessage(null);
  }
}
