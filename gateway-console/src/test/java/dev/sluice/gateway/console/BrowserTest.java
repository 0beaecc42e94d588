package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.console.Chromium.View;
import dev.sluice.gateway.testkit.ActiveFault;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway.Endpoint;
import io.netty.util.ResourceLeakDetector;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The page as a browser shows it: what it says, how fast, and whether all can use it. */
@Tag("browser")
final class BrowserTest extends Resources {

  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final int MANY = 4_000;
  private static final String TOKEN = "0123456789abcdef-secret";

  private static Chromium chromium;
  private static Bot fleet;

  @BeforeAll
  static void start() throws Exception {
    chromium = Chromium.start();
    fleet = Bot.start(64).traffic(500);
  }

  @AfterAll
  static void end() {
    try (Chromium browser = chromium;
        Bot all = fleet) {
      figures.debug("closes {} and {}", browser, all);
    }
  }

  @AfterEach
  void resetBrowser() {
    chromium.dark(false).view(View.DESKTOP);
  }

  private static URI console() {
    return fleet.console(builder -> builder.port(0));
  }

  private static URI consoleWithControl() {
    return fleet.console(builder -> builder.port(0).control(true));
  }

  @Test
  void showsShardsThatTheGatewayCuts() throws Exception {
    chromium.openFleet(console()).untilText("#verdict", "All 64 shards ready");
    assertThat(pixel(5)).as("colour of shard 5").isEqualTo(colour("--ready"));

    // Their session is alive, but nobody upgrades them: they stay away until the fault ends.
    ActiveFault refuses = open(fleet.gateway.fault(Fault.refusal(503)).start());
    fleet.cut(shard -> shard.id() == 5 || shard.id() == 6);

    chromium
        .untilText("#verdict", "62 of 64 shards ready")
        .untilText("#chips", "62")
        .untilText("#entries", "2 shards");
    chromium.until("document.title.startsWith('62/64')");
    assertThat(pixel(5)).as("colour of shard 5").isNotEqualTo(colour("--ready"));
    assertThat(pixel(7)).as("colour of shard 7").isEqualTo(colour("--ready"));

    refuses.close();

    chromium.untilText("#verdict", "All 64 shards ready").untilText("#entries", "resumed");
    assertThat(pixel(5)).as("colour of shard 5").isEqualTo(colour("--ready"));
    chromium.assertSilent();
  }

  @Test
  void showsFourThousandShardsWithinASecond() throws Exception {
    assumeThat(maxOpenFiles())
        .as("files that a process may have open, two for each of %d shards", MANY)
        .isGreaterThan(2 * MANY + 500);
    ResourceLeakDetector.Level leakDetection = ResourceLeakDetector.getLevel();
    // To follow every buffer of so many connections takes longer than to start them.
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE);
    open(() -> ResourceLeakDetector.setLevel(leakDetection));
    Bot many = open(Bot.start(MANY)).traffic(2_000);
    URI page = many.console(builder -> builder.port(0));

    chromium.openFleet(page).untilText("#verdict", "All 4,000 shards ready");
    double render = measure("performance.getEntriesByName('sluice.render')[0].duration");
    double load = measure("performance.getEntriesByName('sluice.drawn')[0].startTime");
    figures.info(
        "4,000 shards: drawn {} ms after they came, {} ms after the page was asked for",
        Math.round(render),
        Math.round(load));
    assertThat(render).as("ms from the snapshot to the pixels").isLessThan(1_000);

    List<?> frames =
        (List<?>)
            chromium.asyncScript(
                """
                const box = document.getElementById('grid');
                const most = box.scrollHeight - box.clientHeight;
                const took = [];
                let before = await new Promise(requestAnimationFrame);
                for (let frame = 1; frame <= 120; frame++) {
                  box.scrollTop = most * (1 - Math.abs(1 - frame / 60));
                  const now = await new Promise(requestAnimationFrame);
                  took.push(now - before);
                  before = now;
                }
                return [most, ...took.sort((a, b) => a - b)];
                """);
    assertThat(frames).hasSize(121);
    double scrolled = number(frames.get(0));
    double median = number(frames.get(60));
    double worst = number(frames.get(120));
    figures.info(
        "4,000 shards scrolled by {} px: frames of {} ms (median), {} ms (longest)",
        Math.round(scrolled),
        Math.round(median),
        Math.round(worst));
    assertThat(scrolled).as("CSS pixels to scroll").isPositive();
    assertThat(median).as("ms of a frame while scrolling").isLessThan(50);

    ActiveFault refuses = open(many.gateway.fault(Fault.refusal(503)).at(Endpoint.RESUME).start());
    ActiveFault withholds = open(many.gateway.fault(Fault.noReady()).start());
    many.cut(shard -> shard.id() % 61 == 7 || shard.id() >= 1_200 && shard.id() < 1_264);
    chromium.untilText("#entries", "shards");
    screenshots(page, "4000");
    chromium.openFleet(page);
    chromium.until("document.querySelectorAll('#chips .chip:not([hidden])').length > 1");
    chromium.assertAccessible("4,000 shards");
    chromium.assertSilent();
    withholds.close();
    refuses.close();
  }

  @Test
  void canBeUsedByAll() throws Exception {
    URI page = consoleWithControl();
    for (boolean dark : new boolean[] {false, true}) {
      String theme = dark ? "dark" : "light";
      chromium.view(View.DESKTOP).dark(dark).openFleet(page);
      chromium.assertAccessible("grid, " + theme);
      chromium.click("#view-table").untilText("#table", "Reconnects");
      chromium.assertAccessible("table, " + theme);
      chromium.click("#view-grid").type("#search", "5" + Keys.ENTER);
      chromium.untilText("#detail", "Transitions").assertAccessible("detail, " + theme);
      chromium.click("#reconnect").assertAccessible("control, " + theme);
      chromium
          .press(Keys.ESCAPE)
          .press(Keys.ESCAPE)
          .until("document.querySelector('#detail').hidden");
      chromium.press("?").until("document.querySelector('#keys').open");
      chromium.assertAccessible("keys, " + theme);
      chromium.view(View.PHONE).openFleet(page).assertFits();
      chromium.assertAccessible("phone, " + theme);
    }
    chromium.assertSilent();
  }

  @Test
  void canBeUsedWithoutAPointer() throws Exception {
    chromium.openFleet(console());
    chromium.script("document.getElementById('grid').focus()");

    chromium.press(Keys.ARROW_RIGHT, 3).untilText("#spoken", "Shard 3: Ready");
    chromium.press(Keys.END).untilText("#spoken", "Shard 63");
    chromium.press(Keys.HOME).untilText("#spoken", "Shard 0");
    chromium
        .press(Keys.ARROW_DOWN, Keys.ARROW_LEFT)
        .until("!/Shard (0|63):/.test(spoken.textContent)");
    chromium.press(Keys.HOME, Keys.ENTER).untilText("#detail-title", "Shard 0");
    chromium.until("location.hash === '#shard=0'");
    chromium.press(Keys.ESCAPE).until("document.activeElement.id === 'grid'");

    chromium.press("/").until("document.activeElement.id === 'search'");
    chromium.press("12").untilText("#search-list", "Shard 12");
    chromium.press(Keys.ENTER).untilText("#detail-title", "Shard 12");
    chromium.press(Keys.ESCAPE).until("document.querySelector('#detail').hidden");

    chromium.press("t").until("!document.querySelector('#table').hidden");
    chromium
        .press(Keys.TAB, 8)
        .press(Keys.ENTER)
        .until("!document.querySelector('#detail').hidden");
    chromium.press(Keys.ESCAPE, "g").until("!document.querySelector('#grid').hidden");
    chromium.press("n").untilText("#spoken", "All shards are ready");
    chromium.assertSilent();
  }

  @Test
  void findsShardsGuildsAndStates() throws Exception {
    chromium.openFleet(console());
    long guild = fleet.gateway.guilds(new ShardId(41, 64))[0];

    chromium.type("#search", String.valueOf(guild)).untilText("#search-list", "is on shard 41");
    chromium.press(Keys.ENTER).untilText("#detail-title", "Shard 41");
    chromium.click("#detail-close");
    chromium.type("#search", "4000").untilText("#search-list", "No shard 4,000");
    chromium.type("#search", "resum").untilText("#search-list", "Resuming");
    chromium.press(Keys.ENTER).until("document.querySelector('.chip[aria-pressed=true]')");
    chromium.click("#view-table").untilText("#table", "No shard is in this state");
    chromium.press(Keys.ESCAPE).untilText("#table", "Ready");

    assertThat(
            chromium.asyncScript(
                """
                const {shardOfGuild} = await import('./search.js');
                return [
                  shardOfGuild('41771983423143937', 64), shardOfGuild('9223372036854775807', 4000),
                  shardOfGuild('4194304', 2),
                ];
                """))
        .isEqualTo(List.of((41771983423143937L >> 22) % 64, (Long.MAX_VALUE >> 22) % 4_000, 1L));
    chromium.assertSilent();
  }

  @Test
  void writesFiguresThatFit() throws Exception {
    chromium.openFleet(console());

    assertThat(
            chromium.asyncScript(
                """
                const format = await import('./format.js');
                return [
                  format.count(1234567), format.count(null), format.short(999), format.short(12345),
                  format.short(999_960), format.rate(0), format.rate(0.25), format.rate(12345.6),
                  format.rate(1_234_567), format.bytes(999), format.bytes(1234), format.bytes(123_456_789),
                  format.millis(0.4211), format.millis(41.26), format.millis(1500), format.millis(0), format.millis(-1),
                  format.span(59), format.span(61), format.span(3600), format.span(90_061), format.span(90_061, 1),
                  format.plural(1, 'shard'), format.plural(4000, 'shard'), format.words('DIAL_FAILED'),
                ];
                """))
        .isEqualTo(
            List.of(
                "1,234,567",
                "–",
                "999",
                "12.3k",
                "1.00M",
                "0",
                "0.3",
                "12,346",
                "1.23M",
                "999 B",
                "1.23 kB",
                "123 MB",
                "0.42 ms",
                "41.3 ms",
                "1.50 s",
                "0 ms",
                "–",
                "59 s",
                "1 min 1 s",
                "1 h",
                "1 d 1 h",
                "1 d",
                "1 shard",
                "4,000 shards",
                "dial failed"));
  }

  @Test
  void showsOneShardInDetail() throws Exception {
    URI page = console();
    chromium.openFleet(page.resolve("#shard=3"));

    chromium
        .untilText("#detail-title", "Shard 3 of 64")
        .untilText("#detail .state", "Ready")
        .untilText("#detail .types", "MESSAGE_CREATE")
        .untilText("#detail .facts", "once")
        .untilText("#detail .facts", "/s)");
    chromium.until("document.querySelectorAll('#detail .bars li').length > 0");
    fleet.cut(shard -> shard.id() == 3);
    chromium.untilText("#detail .log", "lost without a close frame");
    chromium.untilText("#detail .log", "→ Ready");
    chromium.screenshot("detail");
    chromium.assertSilent();
  }

  @Test
  void controlsOnlyWhenItIsMeant() throws Exception {
    chromium.openFleet(console());
    assertThat(chromium.element("#restart").isDisplayed()).as("without control").isFalse();

    chromium
        .openFleet(consoleWithControl().resolve("#shard=9"))
        .untilText("#detail .state", "Ready");
    long reconnects = fleet.manager.stats().reconnects();
    chromium.click("#reconnect").untilText("#confirm", "Reconnect shard 9?");
    chromium.screenshot("control");
    chromium.press(Keys.ENTER).until("!document.querySelector('#confirm').open");
    assertThat(fleet.manager.stats().reconnects()).as("after Cancel").isEqualTo(reconnects);

    chromium
        .click("#reconnect")
        .click("#confirm-yes")
        .until("!document.querySelector('#confirm').open");
    chromium.untilText("#detail .log", "Ready → ").click("#detail-close");
    chromium.untilText("#entries", "shard 9");

    chromium.click("#restart").type("#confirm-number", "0").click("#confirm-yes");
    assertThat(chromium.element("#confirm").isDisplayed()).as("0 at a time is refused").isTrue();
    chromium.type("#confirm-number", "16").click("#confirm-yes");
    chromium.untilText("#operations", "of 64").untilText("#operations", "done");
    chromium
        .until("!document.querySelector('#reshard').disabled")
        .click("#reshard")
        .untilText("#confirm", "Now 64.")
        .press(Keys.ESCAPE);
    chromium.untilText("#verdict", "All 64 shards ready");
    chromium.assertSilent();
  }

  @Test
  void asksForTheToken() throws Exception {
    URI page = fleet.console(builder -> builder.port(0).bearerToken(TOKEN).control(true));
    chromium.open(page).until("document.querySelector('#login').open");
    chromium.assertAccessible("login");
    chromium.type("#token", "not the token").press(Keys.ENTER);
    chromium.untilText("#login-wrong", "not the token");
    chromium.type("#token", TOKEN).press(Keys.ENTER).untilText("#verdict", "All 64 shards ready");
    chromium.openFleet(page).untilText("#verdict", "All 64 shards ready"); // kept for the tab
    assertThat(chromium.script("return document.documentElement.outerHTML"))
        .asString()
        .doesNotContain(TOKEN)
        .doesNotContain(fleet.gateway.token());
    chromium.assertSilent();

    // Another token from now on: the stream ends, and the page asks again.
    fleet.console(builder -> builder.port(page.getPort()).bearerToken(TOKEN + "-new"));
    chromium.until("document.querySelector('#login').open");
    chromium.script("sessionStorage.clear()");
  }

  @Test
  void saysWhenItHasLostTheBot() throws Exception {
    URI page = console();
    chromium.openFleet(page).untilText("#link", "Live");

    fleet.closeConsole();

    chromium.untilText("#lost", "Lost the bot").untilText("#link", "No connection");
    chromium.untilText("#verdict", "Last known: all 64 shards ready");
    chromium.assertAccessible("lost");
    chromium.screenshot("lost");
    fleet.console(builder -> builder.port(page.getPort()));
    chromium.untilText("#link", "Live").until("document.querySelector('#lost').hidden");
    chromium.untilText("#verdict", "All 64 shards ready");
  }

  @Test
  void keepsTheChosenTheme() throws Exception {
    URI page = console();
    chromium.openFleet(page);
    String light = pixel(0);

    chromium.click("#theme").click("#theme"); // as the system, light, dark

    assertThat(chromium.element("#theme").getAttribute("title")).isEqualTo("Theme: dark");
    chromium.until("getComputedStyle(document.body).backgroundColor === 'rgb(15, 19, 24)'");
    chromium.openFleet(page);
    assertThat(chromium.script("return getComputedStyle(document.body).backgroundColor"))
        .isEqualTo("rgb(15, 19, 24)");
    assertThat(pixel(0)).isNotEqualTo(light);
    chromium.script("localStorage.clear()");
    chromium.assertSilent();
  }

  @Test
  void showsAnyNumberOfShards() throws Exception {
    Bot one = open(Bot.start(1)).traffic(40);
    URI page = one.console(builder -> builder.port(0));
    chromium.openFleet(page).untilText("#verdict", "The shard is ready");
    screenshots(page, "1");
    screenshots(console(), "64");
  }

  /** In light and dark, on a desk and on a phone. */
  private static void screenshots(URI page, String name) throws Exception {
    for (View view : new View[] {View.DESKTOP, View.PHONE}) {
      chromium.view(view).dark(false).openFleet(page).assertFits();
      chromium.until(
          "/^[1-9]/.test(document.querySelector('[data-tile=events] .value').textContent)");
      screenshots(view == View.DESKTOP ? name : name + "-phone");
    }
    chromium.view(View.DESKTOP);
  }

  private static void screenshots(String name) throws Exception {
    for (boolean dark : new boolean[] {false, true}) {
      chromium.dark(dark);
      nextFrame();
      chromium.screenshot(name + (dark ? "-dark" : "-light"));
    }
    chromium.dark(false);
  }

  private static void nextFrame() {
    chromium.asyncScript(
        "await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);");
  }

  /** The colour that the canvas has at the left edge of a shard's square, beside its mark. */
  private static String pixel(int shard) {
    return String.valueOf(
        chromium.asyncScript(
            """
            const {grid} = await import('./main.js');
            await new Promise(requestAnimationFrame);
            grid.drawNow();
            const {x, y, size} = grid.square({of: grid.model.current().of, id: %d});
            const probe = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
            probe.drawImage(grid.canvas, x + 1, y + size / 2, 1, 1, 0, 0, 1, 1);
            const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
            return `rgb(${red}, ${green}, ${blue})`;
            """
                .formatted(shard)));
  }

  private static String colour(String property) {
    return String.valueOf(
        chromium.asyncScript(
            "const {colours} = await import('./colours.js'); return colours('" + property + "');"));
  }

  private static double measure(String expression) {
    return number(chromium.script("return " + expression));
  }

  private static double number(Object value) {
    return ((Number) value).doubleValue();
  }

  private static long maxOpenFiles() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix.getMaxFileDescriptorCount()
        : Long.MAX_VALUE;
  }
}
