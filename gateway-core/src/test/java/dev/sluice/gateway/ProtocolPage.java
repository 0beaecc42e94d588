package dev.sluice.gateway;

import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes the generated parts of the protocol page: what stands between its markers. */
final class ProtocolPage {

  /** The name of all open states together, in the diagram. */
  private static final String OPEN = "OPEN";

  private static final GatewayConfig DEFAULTS =
      GatewayConfig.builder("token", Intents.of()).build();

  /** One generated part; its marker has its name in lower case. */
  enum Part {
    STATES,
    TRANSITIONS,
    CLOSE_CODES,
    TIMERS,
    DEFAULTS,
    OPCODES,
    INTENTS,
    ENCODINGS;

    private String start() {
      return "<!-- generated: " + words(name()) + " -->\n";
    }

    private String end() {
      return "<!-- end: " + words(name()) + " -->\n";
    }

    String render() {
      return switch (this) {
        case STATES -> states();
        case TRANSITIONS -> transitions();
        case CLOSE_CODES -> closeCodes();
        case TIMERS -> timers();
        case DEFAULTS -> defaults();
        case OPCODES -> opcodes();
        case INTENTS -> intents();
        case ENCODINGS -> encodings();
      };
    }
  }

  private ProtocolPage() {}

  /** Returns the page with every generated part as it should be. */
  static String render(String page) {
    String rendered = page;
    for (Part part : Part.values()) {
      int start = only(rendered, part.start()) + part.start().length();
      int end = only(rendered, part.end());
      if (end < start) {
        throw new IllegalArgumentException(part + ": ends before it starts");
      }
      rendered =
          rendered.substring(0, start) + '\n' + part.render() + '\n' + rendered.substring(end);
    }
    return rendered;
  }

  private static int only(String page, String marker) {
    int index = page.indexOf(marker);
    if (index < 0 || index != page.lastIndexOf(marker)) {
      throw new IllegalArgumentException(
          marker.strip() + (index < 0 ? ": missing" : ": more than one") + " (expected: one)");
    }
    return index;
  }

  // The states.

  private record Edge(String from, String to) {}

  private static String states() {
    Map<Edge, List<Signal>> outside = new LinkedHashMap<>();
    Map<Edge, List<Signal>> inside = new LinkedHashMap<>();
    GatewayState entry = null;
    for (GatewayState from : GatewayState.values()) {
      for (Signal signal : Signal.values()) {
        GatewayState to = TransitionTable.next(from, signal);
        if (to == null || to == from) {
          continue;
        }
        if (from.isOpen() && to.isOpen()) {
          add(inside, from.name(), to.name(), signal);
        } else if (from.isOpen()) {
          expect(commonTarget(signal) == to, signal + " leads to " + to + " only from " + from);
          add(outside, OPEN, to.name(), signal);
        } else if (to.isOpen()) {
          expect(entry == null || entry == to, "both " + entry + " and " + to + " are entered");
          entry = to;
          add(outside, from.name(), OPEN, signal);
        } else {
          add(outside, from.name(), to.name(), signal);
        }
      }
    }
    List<String> lines = new ArrayList<>();
    lines.add("```mermaid");
    lines.add("stateDiagram-v2");
    lines.add("    [*] --> " + GatewayState.values()[0]);
    lines.add("    state \"the transport is up\" as " + OPEN + " {");
    lines.add("        [*] --> " + entry);
    inside.forEach((edge, signals) -> lines.add("        " + arrow(edge, signals)));
    lines.add("    }");
    outside.forEach((edge, signals) -> lines.add("    " + arrow(edge, signals)));
    lines.add("    " + GatewayState.STOPPED + " --> [*]");
    lines.add("```");
    return lines(lines.stream());
  }

  private static void add(Map<Edge, List<Signal>> edges, String from, String to, Signal signal) {
    List<Signal> signals = edges.computeIfAbsent(new Edge(from, to), edge -> new ArrayList<>());
    if (!signals.contains(signal)) {
      signals.add(signal);
    }
  }

  /** What breaks this cannot be drawn as a diagram with one group of states. */
  private static void expect(boolean drawable, String otherwise) {
    if (!drawable) {
      throw new AssertionError("diagram: " + otherwise + " (expected: alike for all open states)");
    }
  }

  private static String arrow(Edge edge, List<Signal> signals) {
    return edge.from
        + " --> "
        + edge.to
        + " : "
        + signals.stream().map(ProtocolPage::shortly).collect(joining("<br/>"));
  }

  private static String transitions() {
    Map<Edge, List<Signal>> edges = new LinkedHashMap<>();
    for (GatewayState from : GatewayState.values()) {
      for (boolean common : new boolean[] {true, false}) {
        for (Signal signal : Signal.values()) {
          GatewayState to = TransitionTable.next(from, signal);
          if (to != null && common == (from.isOpen() && commonTarget(signal) == to)) {
            add(edges, common ? "any open state" : code(from), code(to), signal);
          }
        }
      }
    }
    return table(
        "in | on | goes to",
        edges.entrySet().stream()
            .map(
                row ->
                    row.getKey().from
                        + " | "
                        + row.getValue().stream().map(ProtocolPage::shortly).collect(joining("; "))
                        + " | "
                        + row.getKey().to));
  }

  /** The state that a signal leads to from every open state alike, or null. */
  private static @Nullable GatewayState commonTarget(Signal signal) {
    List<GatewayState> targets = new ArrayList<>();
    for (GatewayState from : GatewayState.values()) {
      if (from.isOpen()) {
        targets.add(TransitionTable.next(from, signal));
      }
    }
    GatewayState first = targets.get(0);
    return targets.stream().allMatch(target -> target == first) ? first : null;
  }

  private static String shortly(Signal signal) {
    return switch (signal) {
      case DIALLED -> "connecting()";
      case DIAL_FAILED -> "connectFailed(), no outcome in time";
      case OPENED -> "opened()";
      case HELLO_NEW_SESSION -> "HELLO, no session held";
      case HELLO_KNOWN_SESSION -> "HELLO, session held";
      case HELLO_AGAIN -> "HELLO again";
      case IDENTIFY_SENT -> "permit granted, IDENTIFY sent";
      case READY -> "READY";
      case RESUMED -> "RESUMED";
      case DISPATCH -> "any other event";
      case RECONNECT_REQUESTED -> "op 7";
      case INVALID_SESSION_RESUMABLE -> "op 9, session kept";
      case INVALID_SESSION -> "op 9, session dropped";
      case ZOMBIED -> "zombie";
      case TIMED_OUT -> "no answer in time";
      case PROTOCOL_ERROR -> "bytes that are no payload";
      case CLOSED -> "closed or lost";
      case CLOSED_FOR_GOOD -> "fatal close code";
      case STOP -> "stop()";
    };
  }

  // The tables.

  private static String closeCodes() {
    return table(
        "code | meaning | what follows",
        Arrays.stream(CloseCode.values())
            .map(
                code ->
                    (code == CloseCode.UNKNOWN ? "any other" : code.code() + "")
                        + " | "
                        + words(code.name())
                        + " | "
                        + switch (code.outcome()) {
                          case RESUME -> "reconnect and resume";
                          case NEW_SESSION -> "reconnect with a new session";
                          case FATAL -> "**give up**: the configuration is wrong";
                        }));
  }

  private static String timers() {
    return table(
        "timer | waits for | time",
        Arrays.stream(TimerKind.values())
            .map(
                timer ->
                    code(timer)
                        + " | "
                        + switch (timer) {
                          case CONNECT ->
                              "the outcome of a dial | "
                                  + setting("connectTimeout", DEFAULTS.connectTimeout());
                          case HELLO ->
                              "HELLO | " + setting("helloTimeout", DEFAULTS.helloTimeout());
                          case HEARTBEAT -> "the next heartbeat | the interval of HELLO";
                          case PROBE -> "a sign of life of a transport under suspicion | 5 s";
                          case IDENTIFY ->
                              "the permit that a lone connection grants itself"
                                  + " | 5 s from one IDENTIFY to the next, and a little more";
                          case SESSION ->
                              "READY or RESUMED, while nothing at all comes | "
                                  + setting("sessionTimeout", DEFAULTS.sessionTimeout());
                          case STABLE ->
                              "a live session to count as stable | "
                                  + setting("stableAfter", DEFAULTS.stableAfter());
                          case SEND_BUDGET ->
                              "room for a command within a limit | what the limit leaves";
                          case CLOSE ->
                              "the peer's answer to our close frame | "
                                  + setting("closeTimeout", DEFAULTS.closeTimeout());
                        }));
  }

  private static String setting(String name, Duration value) {
    return '`' + name + "`, " + seconds(value);
  }

  private static String seconds(Duration value) {
    return value.toSeconds() + " s";
  }

  private static String defaults() {
    return table(
        "setting of `GatewayConfig` | default",
        Stream.of(
            "`maxBackoff`, the cap of the wait before a dial | " + seconds(DEFAULTS.maxBackoff()),
            "`maxMessageBytes`, of one payload, inflated | "
                + (DEFAULTS.maxMessageBytes() >> 20)
                + " MiB",
            "`maxQueuedCommands`, waiting on a connection | " + DEFAULTS.maxQueuedCommands(),
            "`maxUnacknowledged`, events before reading pauses | " + DEFAULTS.maxUnacknowledged(),
            "`largeThreshold`, members above which a guild's offline ones are left out | "
                + DEFAULTS.largeThreshold()));
  }

  private static String opcodes() {
    return table(
        "op | name | direction",
        Arrays.stream(Opcode.values())
            .filter(opcode -> opcode != Opcode.UNKNOWN)
            .map(
                opcode ->
                    opcode.code()
                        + " | "
                        + code(opcode)
                        + " | "
                        + switch (opcode) {
                          case HEARTBEAT -> "sent and received";
                          case IDENTIFY, RESUME -> "sent";
                          case DISPATCH, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK ->
                              "received";
                          case PRESENCE_UPDATE,
                              VOICE_STATE_UPDATE,
                              REQUEST_GUILD_MEMBERS,
                              REQUEST_SOUNDBOARD_SOUNDS,
                              REQUEST_CHANNEL_INFO ->
                              "sent, as a `GatewayCommand`";
                          case UNKNOWN -> throw new AssertionError(opcode);
                        }));
  }

  private static String intents() {
    return table(
        "bit | name | privileged",
        Arrays.stream(Intent.values())
            .map(
                intent ->
                    Integer.numberOfTrailingZeros(intent.value())
                        + " | "
                        + code(intent)
                        + " | "
                        + (intent.isPrivileged() ? "yes" : "")));
  }

  private static String encodings() {
    return table(
        "setting | in the URL",
        Stream.concat(
            Arrays.stream(Encoding.values())
                .map(encoding -> code(encoding) + " | `encoding=" + encoding.parameter() + '`'),
            Arrays.stream(Compression.values())
                .map(
                    compression ->
                        code(compression)
                            + " | "
                            + (compression.parameter() == null
                                ? ""
                                : "`compress=" + compression.parameter() + '`'))));
  }

  private static String table(String head, Stream<String> rows) {
    String rule = "|---".repeat(head.split("\\|").length) + '|';
    return lines(
        Stream.concat(
            Stream.of("| " + head + " |", rule), rows.map(row -> "| " + row.strip() + " |")));
  }

  private static String lines(Stream<String> lines) {
    return lines.collect(joining("\n", "", "\n"));
  }

  private static String code(Enum<?> constant) {
    return '`' + constant.name() + '`';
  }

  private static String words(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
