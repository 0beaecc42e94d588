package dev.sluice.gateway.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The shape of one event, split into bytes that stay and slots between them, so that an event is
 * written without a tree. Immutable.
 */
final class Template {

  private static final Pattern SLOT = Pattern.compile("\\$\\{([a-z0-9.]+)(?::(\\d+))?}");
  private static final String RESOURCE = "events.template";

  /** The argument of a slot that has none. */
  static final int NO_ARGUMENT = -1;

  private final String type;
  private final int weight;
  private final byte[][] literals;
  private final Slot[] slots;
  private final int[] arguments;

  private Template(
      String type, int weight, List<byte[]> literals, List<Slot> slots, List<Integer> arguments) {
    this.type = type;
    this.weight = weight;
    this.literals = literals.toArray(byte[][]::new);
    this.slots = slots.toArray(Slot[]::new);
    this.arguments = arguments.stream().mapToInt(Integer::intValue).toArray();
  }

  /** {@return the templates of the testkit, in the order of its file} */
  static List<Template> load() {
    try (InputStream stream =
            Objects.requireNonNull(Template.class.getResourceAsStream(RESOURCE), RESOURCE);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      return reader
          .lines()
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .map(Template::parse)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the template of a line, {@code TYPE weight json}} */
  static Template parse(String line) {
    String[] parts = line.split(" ", 3);
    List<byte[]> literals = new ArrayList<>();
    List<Slot> slots = new ArrayList<>();
    List<Integer> arguments = new ArrayList<>();
    Matcher matcher = SLOT.matcher(parts[2]);
    int end = 0;
    while (matcher.find()) {
      literals.add(parts[2].substring(end, matcher.start()).getBytes(StandardCharsets.UTF_8));
      slots.add(Slot.of(matcher.group(1)));
      String argument = matcher.group(2);
      arguments.add(argument == null ? NO_ARGUMENT : Integer.parseInt(argument));
      end = matcher.end();
    }
    literals.add(parts[2].substring(end).getBytes(StandardCharsets.UTF_8));
    return new Template(parts[0], Integer.parseInt(parts[1]), literals, slots, arguments);
  }

  String type() {
    return type;
  }

  /** {@return how often this shape is drawn, beside the other shapes of its type} */
  int weight() {
    return weight;
  }

  int slotCount() {
    return slots.length;
  }

  /** {@return the bytes before a slot, or those after the last one} */
  byte[] literal(int index) {
    return literals[index];
  }

  Slot slot(int index) {
    return slots[index];
  }

  /** {@return the argument of a slot, or {@link #NO_ARGUMENT}} */
  int argument(int index) {
    return arguments[index];
  }
}
