package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ChildTest {

  /** Says one thing. */
  static final class Parrot {

    private Parrot() {}

    public static void main(String[] args) {
      System.out.println("{\"says\":\"" + args[0] + "\"}");
    }
  }

  @Test
  void warningsOfTheJvmAreNoAnswers() throws Exception {
    List<String> warnedOf = List.of("-XX:+UseG1GC", "-XX:NewSize=20m", "-XX:MaxNewSize=10m");

    try (Child child = Child.start("parrot", warnedOf, Parrot.class, List.of("hello"))) {
      assertThat(child.answer(JsonNode.class, 60).path("says").asText()).isEqualTo("hello");
    }
  }
}
