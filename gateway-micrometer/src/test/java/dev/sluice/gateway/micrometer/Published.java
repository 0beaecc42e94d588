package dev.sluice.gateway.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a scrape publishes: series, their labels and the values of these. Judges expressions of
 * PromQL by it.
 */
final class Published {

  /** Labels that Prometheus adds. */
  private static final Set<String> SCRAPED = Set.of("job", "instance");

  private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (\\S+)");
  private static final Pattern SAMPLE = Pattern.compile("([a-z0-9_]+)(?:\\{(.*)})? \\S+");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
  private static final Pattern SELECTOR =
      Pattern.compile("\\b(sluice_[a-z0-9_]+)\\s*(?:\\{([^}]*)})?\\s*(\\[[^]]*])?");
  private static final Pattern MATCHER =
      Pattern.compile("([A-Za-z_]\\w*)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
  private static final Pattern GROUPING =
      Pattern.compile("\\b(?:by|without|on|ignoring)\\s*\\(([^)]*)\\)");
  private static final Pattern LEGEND = Pattern.compile("\\{\\{\\s*(\\w+)\\s*}}");
  private static final Pattern FUNCTION_BEFORE = Pattern.compile("([a-z_]+)\\s*\\(\\s*$");

  private static final Set<String> OF_COUNTERS = Set.of("rate", "increase");

  private final Map<String, String> familyBySeries = new TreeMap<>();
  private final Set<String> counters = new HashSet<>();
  private final Map<String, Map<String, Set<String>>> labelsBySeries = new TreeMap<>();

  private Published() {}

  /** {@return what a text in the exposition format of Prometheus has} */
  static Published of(String scrape) {
    Published published = new Published();
    String family = "";
    String type = "";
    for (String line : scrape.lines().toList()) {
      Matcher head = TYPE.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (head.matches()) {
        family = head.group(1);
        type = head.group(2);
      } else if (!line.startsWith("#") && sample.matches()) {
        published.add(family, type, sample.group(1), sample.group(2));
      }
    }
    return published;
  }

  private void add(String family, String type, String series, String labels) {
    familyBySeries.put(series, family);
    if (!type.equals("gauge")) { // the count and the sum of a summary are counters too
      counters.add(series);
    }
    Map<String, Set<String>> values = labelsBySeries.computeIfAbsent(series, s -> new TreeMap<>());
    if (labels != null) {
      Matcher label = LABEL.matcher(labels);
      while (label.find()) {
        values.computeIfAbsent(label.group(1), l -> new TreeSet<>()).add(label.group(2));
      }
    }
  }

  /** {@return the names of all families} */
  Set<String> families() {
    return new TreeSet<>(familyBySeries.values());
  }

  boolean hasSeries(String name) {
    return familyBySeries.containsKey(name);
  }

  /** Tells the families that are used, and fails for a name or a label that is not published. */
  Set<String> used(String expression) {
    Set<String> families = new TreeSet<>();
    Set<String> labels = new HashSet<>(SCRAPED);
    Matcher selector = SELECTOR.matcher(expression);
    while (selector.find()) {
      String series = selector.group(1);
      assertThat(familyBySeries).as(expression).containsKey(series);
      families.add(familyBySeries.get(series));
      labels.addAll(labelsBySeries.get(series).keySet());
      if (selector.group(2) != null) {
        checkMatchers(expression, series, selector.group(2));
      }
      checkRange(expression, series, selector);
    }
    assertThat(families).as("series of " + expression).isNotEmpty();
    for (String label : groupings(expression)) {
      assertThat(labels).as(expression).contains(label);
    }
    return families;
  }

  /** Fails for a label that no series of the expression has. */
  void checkLegend(String expression, String legend) {
    Matcher selector = SELECTOR.matcher(expression);
    Set<String> labels = new HashSet<>(SCRAPED);
    while (selector.find()) {
      labels.addAll(labelsBySeries.get(selector.group(1)).keySet());
    }
    Matcher label = LEGEND.matcher(legend);
    while (label.find()) {
      assertThat(labels).as(legend + " of " + expression).contains(label.group(1));
    }
  }

  private void checkMatchers(String expression, String series, String matchers) {
    Map<String, Set<String>> labels = labelsBySeries.get(series);
    Matcher matcher = MATCHER.matcher(matchers);
    while (matcher.find()) {
      String label = matcher.group(1);
      String value = matcher.group(3);
      if (SCRAPED.contains(label)) {
        continue;
      }
      assertThat(labels).as(expression).containsKey(label);
      List<String> values =
          matcher.group(2).endsWith("~") ? List.of(value.split("\\|")) : List.of(value);
      assertThat(labels.get(label)).as(label + " in " + expression).containsAll(values);
    }
  }

  /** What counts up says something by its rate alone, and a gauge has none. */
  private void checkRange(String expression, String series, Matcher selector) {
    Matcher function = FUNCTION_BEFORE.matcher(expression.substring(0, selector.start()));
    boolean rated = function.find() && OF_COUNTERS.contains(function.group(1));
    assertThat(rated).as(series + " as a counter in " + expression).isEqualTo(isCounter(series));
    if (rated) {
      assertThat(selector.group(3)).as("range of " + series + " in " + expression).isNotNull();
    }
  }

  private boolean isCounter(String series) {
    return counters.contains(series);
  }

  private static List<String> groupings(String expression) {
    List<String> labels = new ArrayList<>();
    Matcher grouping = GROUPING.matcher(expression);
    while (grouping.find()) {
      for (String label : grouping.group(1).split(",")) {
        labels.add(label.strip());
      }
    }
    return labels;
  }
}
