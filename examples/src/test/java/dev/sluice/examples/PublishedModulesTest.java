package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** Every published module is whole and is found where users look for it. */
final class PublishedModulesTest {

  private static final Path ROOT = Path.of("..");
  private static final String BOM = "gateway-bom";

  /** A program, which is given away as an archive. */
  private static final String APP = "gateway-app";

  private final XPath xpath = XPathFactory.newInstance().newXPath();

  @Test
  void theBomAndTheParentKnowEveryModule() throws Exception {
    List<String> modules = modules();
    assertThat(modules).contains("gateway-core", "gateway-netty", "gateway-testkit");

    for (Path pom : List.of(ROOT.resolve(BOM + "/pom.xml"), ROOT.resolve("pom.xml"))) {
      assertThat(
              texts(
                  pom,
                  "//dependencyManagement//dependency[groupId='dev.sluice']/artifactId[starts-with(., 'gateway-')]"))
          .as("%s", pom)
          .filteredOn(artifact -> artifact.startsWith("gateway-"))
          .containsExactlyInAnyOrderElementsOf(modules);
    }
  }

  @Test
  void everyModuleIsDescribed() throws Exception {
    for (String module : modules()) {
      Path pom = ROOT.resolve(module).resolve("pom.xml");
      for (String element : List.of("name", "description", "url")) {
        assertThat(texts(pom, "/project/" + element)).as("%s of %s", element, pom).hasSize(1);
      }
      assertThat(texts(pom, "//properties/*[starts-with(name(), 'maven.deploy')]"))
          .as("%s", pom)
          .isEmpty();
      assertThat(ROOT.resolve(module).resolve("src/main/java/module-info.java")).isRegularFile();
    }
  }

  @Test
  void thePagesListEveryModule() throws Exception {
    List<String> rows = modules().stream().map(module -> "| `" + module + "` |").toList();

    assertThat(Files.readString(ROOT.resolve("README.md"), UTF_8)).contains(rows);
    assertThat(Files.readString(ROOT.resolve("docs/packaging.md"), UTF_8)).contains(rows);
  }

  @Test
  void theProgramIsNoModuleToDependOn() throws Exception {
    assertThat(texts(ROOT.resolve(APP).resolve("pom.xml"), "//properties/maven.deploy.skip"))
        .containsExactly("true");
    assertThat(texts(ROOT.resolve("pom.xml"), "//excludeArtifacts/artifact"))
        .contains(APP, "examples");
  }

  /** The folders that are named after an artifact, but for the BOM and the program. */
  private static List<String> modules() throws IOException {
    try (Stream<Path> folders = Files.list(ROOT)) {
      return folders
          .filter(folder -> Files.isRegularFile(folder.resolve("pom.xml")))
          .map(folder -> folder.getFileName().toString())
          .filter(name -> name.startsWith("gateway-"))
          .filter(name -> !name.equals(BOM) && !name.equals(APP))
          .sorted()
          .toList();
    }
  }

  private List<String> texts(Path pom, String path) throws Exception {
    Document document =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile());
    NodeList nodes = (NodeList) xpath.evaluate(path, document, XPathConstants.NODESET);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getTextContent().strip());
    }
    return texts;
  }
}
