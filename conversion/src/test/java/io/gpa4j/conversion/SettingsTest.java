package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.Settings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Configurations that are there to do harm. */
class SettingsTest {
  private static Settings yaml(String text) {
    return Settings.yaml("a.yaml", text.getBytes(StandardCharsets.UTF_8));
  }

  private static Settings json(String text) {
    return Settings.json("a.json", text.getBytes(StandardCharsets.UTF_8));
  }

  private static void refuses(String text, String part) {
    assertTimeout(Duration.ofSeconds(2), () -> assertThatThrownBy(() -> yaml(text)).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("a.yaml: ", part));
  }

  @Test
  void yaml_aliasesOfCollections_areRefused() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [1, 2]\n");
    for (int i = 1; i < 25; i++) {
      bomb.append("a").append(i).append(": &a").append(i).append(" [*a").append(i - 1).append(", *a").append(i - 1).append("]\n");
    }
    refuses(bomb.toString(), "aliases");
    refuses("a: &a [*a]\n", "aliases");
    refuses("a: &a {b: *a}\n", "aliases");
    assertThat(yaml("a: &x 5\nb: *x\n").integer("b", 0, 9)).isEqualTo(5);
  }

  @Test
  void yaml_nestedDeeply_isRefused() {
    refuses("a: " + "[".repeat(5000) + "]".repeat(5000), "deeper");
    refuses("a:\n" + "- ".repeat(5000) + "1\n", "deeper");
  }

  @Test
  void yaml_tooLongOrWithoutSense_isRefused() {
    refuses("a: " + "1".repeat(100_000), "bytes");
    refuses("a: !!int \"\"\n", "no valid YAML");
    refuses("a: \"\\x\"\n", "no valid YAML");
    refuses("a: !!x y\n", "tag");
    refuses("? [a]\n: b\n", "no valid YAML");
    refuses("", "no mapping");
  }

  @Test
  void json_nestedDeeply_isRefused() {
    assertThatThrownBy(() -> json("{\"a\":" + "[".repeat(500) + "]".repeat(500) + "}")).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("a.json", "depth");
  }

  @Test
  void wrongValues_areShownInFewWords() {
    Settings settings = json("{\"list\":[" + "1,".repeat(5000) + "1],\"map\":{\"a\":{}},\"text\":\"" + "x".repeat(5000) + "\"}");
    for (String key : new String[] {"list", "map", "text"}) {
      assertThatThrownBy(() -> settings.integer(key, 0, 1)).isInstanceOf(ModelFormatException.class).hasMessageContaining("'" + key + "' is ")
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
    }
  }
}
