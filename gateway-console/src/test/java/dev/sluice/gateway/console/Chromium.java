package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.ScriptTimeoutException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.slf4j.LoggerFactory;

/** A headless Chromium of this machine, with what the tests of the page ask of it. */
final class Chromium implements AutoCloseable {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Path SCREENSHOTS =
      Path.of(System.getProperty("output.directory", "target"), "screenshots");

  private static final String AXE =
      """
      const done = arguments[arguments.length - 1];
      axe.run(document).then(
        ({violations}) => done(violations.map(({id, help, nodes}) =>
          `${id}: ${help}: ${nodes.map(({html, failureSummary}) => html + ' ' + failureSummary).join('; ')}`)),
        (failure) => done(['axe failed: ' + failure]));
      """;

  private static final String UNTIL =
      """
      const [condition, done] = arguments;
      const holds = new Function('return Boolean(' + condition + ')');
      const look = () => (holds() ? done(true) : setTimeout(look, 20));
      look();
      """;

  private final ChromeDriver driver;
  private final String axe;

  private Chromium(ChromeDriver driver, String axe) {
    this.driver = driver;
    this.axe = axe;
  }

  /** Starts it; where there is none the test is skipped, and says why. */
  static Chromium start() throws IOException {
    @Nullable Path browser = onPath("chromium", "chromium-browser", "google-chrome", "chrome");
    @Nullable Path driver = onPath("chromedriver");
    String missing =
        browser == null
            ? "chromium"
            : driver == null ? "chromedriver" : ""; // by the names on Debian
    if (!missing.isEmpty()) {
      LoggerFactory.getLogger("figures")
          .info("the tests of the page are skipped: no {} on the PATH", missing);
    }
    assumeThat(missing).as("missing on the PATH").isEmpty();
    ChromeOptions options = new ChromeOptions();
    options.setBinary(Objects.requireNonNull(browser).toString());
    options.addArguments(
        "--headless=new",
        "--no-sandbox", // a container's root may not make the namespaces of the sandbox
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--force-color-profile=srgb",
        "--lang=en-GB",
        "--window-size=1440,900");
    LoggingPreferences logging = new LoggingPreferences();
    logging.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logging);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(Objects.requireNonNull(driver).toFile())
            .usingAnyFreePort()
            .build();
    ChromeDriver started = new ChromeDriver(service, options);
    started.manage().timeouts().scriptTimeout(TIMEOUT).pageLoadTimeout(TIMEOUT);
    try (InputStream axe = Chromium.class.getResourceAsStream("/axe.min.js")) {
      return new Chromium(
          started, new String(Objects.requireNonNull(axe).readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static @Nullable Path onPath(String... names) {
    for (String name : names) {
      for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
        Path file = Path.of(directory, name);
        if (Files.isExecutable(file)) {
          return file;
        }
      }
    }
    return null;
  }

  /** How large the view is, and how many pixels there are to one of CSS. */
  enum View {
    DESKTOP(1440, 900, false),
    WIDE(1920, 1080, false),
    PHONE(390, 844, true);

    private final int width;
    private final int height;
    private final boolean touch;

    View(int width, int height, boolean touch) {
      this.width = width;
      this.height = height;
      this.touch = touch;
    }
  }

  Chromium view(View view) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of(
            "width", view.width,
            "height", view.height,
            "deviceScaleFactor", view.touch ? 2 : 1,
            "mobile", view.touch));
    driver.executeCdpCommand("Emulation.setTouchEmulationEnabled", Map.of("enabled", view.touch));
    return this;
  }

  /** Makes the system's colours dark or light. */
  Chromium dark(boolean dark) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    return this;
  }

  /** Opens a page anew, without what an earlier one has stored. */
  Chromium open(URI page) {
    driver.get("about:blank");
    driver.manage().logs().get(LogType.BROWSER);
    driver.get(page.toString());
    return this;
  }

  /** Opens the console and waits until its shards are on the screen. */
  Chromium openFleet(URI page) {
    return open(page).until("document.documentElement.dataset.drawn === 'true'");
  }

  /** Waits in the page until a condition holds, an expression of JavaScript. */
  Chromium until(String condition) {
    try {
      driver.executeAsyncScript(UNTIL, condition);
    } catch (ScriptTimeoutException e) {
      throw new AssertionError(
          "not so after "
              + TIMEOUT.toSeconds()
              + " s: "
              + condition
              + "; the page: "
              + text("body"),
          e);
    }
    return this;
  }

  /** Waits until an element that is shown has a text in it. */
  Chromium untilText(String selector, String text) {
    return until(
        "[...document.querySelectorAll('%s')].some((e) => e.checkVisibility() && e.innerText.includes('%s'))"
            .formatted(selector, text));
  }

  String text(String selector) {
    return driver.findElement(By.cssSelector(selector)).getText();
  }

  WebElement element(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  /** Presses keys, one after another, where the focus is. */
  Chromium press(CharSequence... keys) {
    for (CharSequence key : keys) {
      driver.switchTo().activeElement().sendKeys(key);
    }
    return this;
  }

  Chromium press(Keys key, int times) {
    for (int i = 0; i < times; i++) {
      press(key);
    }
    return this;
  }

  Chromium click(String selector) {
    element(selector).click();
    return this;
  }

  Chromium type(String selector, String text) {
    WebElement field = element(selector);
    field.clear();
    field.sendKeys(text);
    return this;
  }

  /** {@return what a function body of JavaScript returns} */
  @Nullable Object script(String body, Object... arguments) {
    return driver.executeScript(body, arguments);
  }

  /** {@return what an async function body of JavaScript returns} */
  @Nullable Object asyncScript(String body) {
    return driver.executeAsyncScript(
        "const done = arguments[arguments.length - 1];"
            + "(async () => {"
            + body
            + "})().then(done, (e) => done('failed: ' + e.stack));");
  }

  /** Asserts that axe finds no fault with the page as it is now. */
  void assertAccessible(String what) {
    driver.executeScript(axe);
    assertThat((List<?>) driver.executeAsyncScript(AXE)).as("axe, %s", what).isEmpty();
  }

  /** Asserts that the page has warned of nothing since it was opened. */
  void assertSilent() {
    assertThat(driver.manage().logs().get(LogType.BROWSER).getAll())
        .filteredOn(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .extracting(LogEntry::getMessage)
        .isEmpty();
  }

  /** Asserts that nothing sticks out of the page at the side. */
  void assertFits() {
    assertThat(script("return document.documentElement.scrollWidth - innerWidth"))
        .as("CSS pixels too wide")
        .isEqualTo(0L);
  }

  void screenshot(String name) throws IOException {
    Files.createDirectories(SCREENSHOTS);
    Files.write(SCREENSHOTS.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
