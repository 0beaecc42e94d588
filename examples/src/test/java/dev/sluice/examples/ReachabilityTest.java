package dev.sluice.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.netty.channel.ChannelHandler;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Holds the published modules to what {@code docs/packaging.md} says of native images: they find
 * nothing by name at run time, and what Netty reflects on is declared.
 */
final class ReachabilityTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter().importPackages("dev.sluice.gateway");

  /** Is told what JUnit reflected on, and reads resources of the tests. */
  private static final String EXTENSION = "dev.sluice.gateway.testkit.junit";

  /** The module in the location of a class, a directory or a jar. */
  private static final Pattern MODULE = Pattern.compile("/(gateway-[a-z-]*[a-z])(?=/|-\\d)");

  /** Ask for resources by a constant name, which the builder of an image finds. */
  private static final Set<String> READERS_OF_CONSTANT_RESOURCES =
      Set.of("dev.sluice.gateway.testkit.Template");

  /** Ask for those of a folder, which is declared. */
  private static final Map<String, List<String>> READERS_OF_FOLDERS =
      Map.of("dev.sluice.gateway.console.PageFiles", List.of("page", "vendor"));

  private static final Set<String> BY_NAME =
      Set.of(
          "forName",
          "getConstructor",
          "getConstructors",
          "getDeclaredConstructor",
          "getDeclaredConstructors",
          "getDeclaredField",
          "getDeclaredFields",
          "getDeclaredMethod",
          "getDeclaredMethods",
          "getField",
          "getFields",
          "getMethod",
          "getMethods",
          "getRecordComponents",
          "newInstance");

  @Test
  void readsThePublishedModules() {
    assertThat(CLASSES.stream().map(ReachabilityTest::module).distinct())
        .contains("gateway-core", "gateway-netty", "gateway-testkit");
  }

  @Test
  void nothingIsReflectedOn() {
    noClasses()
        .that()
        .resideOutsideOfPackage(EXTENSION + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.reflect..")
        .orShould()
        .callMethodWhere(call(Class.class, BY_NAME::contains))
        .orShould()
        .callMethodWhere(
            call(MethodHandles.Lookup.class, name -> name.startsWith("find"))
                .and(DescribedPredicate.not(declaresItsOwnFields())))
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(ObjectInputStream.class)
        .check(CLASSES);
  }

  @Test
  void noImplementationIsLookedUp() {
    noClasses()
        .should()
        .callMethodWhere(call(java.util.ServiceLoader.class, name -> true))
        .orShould()
        .callMethodWhere(call(RandomGenerator.class, Set.of("getDefault", "of")::contains))
        .orShould()
        .callMethodWhere(call(System.class, name -> name.startsWith("load")))
        .because("it would be missing from an image of the modules that are required")
        .check(CLASSES);
  }

  @Test
  void resourcesAreReadWhereTheyAreKnown() throws IOException {
    Map<String, JavaClass> readers =
        CLASSES.stream()
            .filter(type -> !type.getPackageName().startsWith(EXTENSION))
            .filter(
                type ->
                    type.getMethodCallsFromSelf().stream()
                        .anyMatch(call -> call.getName().startsWith("getResource")))
            .collect(toMap(JavaClass::getName, type -> type));

    Set<String> known = new TreeSet<>(READERS_OF_CONSTANT_RESOURCES);
    known.addAll(READERS_OF_FOLDERS.keySet());
    assertThat(readers.keySet()).isEqualTo(known);
    for (Map.Entry<String, List<String>> folders : READERS_OF_FOLDERS.entrySet()) {
      JavaClass reader = readers.get(folders.getKey());
      String declared =
          Files.readString(declaration(module(reader), "resource-config.json"), UTF_8);
      for (String folder : folders.getValue()) {
        assertThat(declared)
            .contains('"' + reader.getPackageName().replace('.', '/') + '/' + folder + "/.*\"");
      }
    }
  }

  /** Netty asks which of a handler's methods say {@code @Skip}. */
  @Test
  void everyHandlerIsDeclared() throws IOException {
    Map<String, SortedSet<String>> handlers =
        CLASSES.stream()
            .filter(type -> type.isAssignableTo(ChannelHandler.class))
            .filter(type -> !type.getModifiers().contains(JavaModifier.ABSTRACT))
            .collect(
                groupingBy(
                    ReachabilityTest::module,
                    TreeMap::new,
                    mapping(JavaClass::getName, toCollection(TreeSet::new))));

    assertThat(handlers).containsKeys("gateway-netty", "gateway-testkit");
    for (Map.Entry<String, SortedSet<String>> module : handlers.entrySet()) {
      Path file = declaration(module.getKey(), "reflect-config.json");
      assertThat(file).isRegularFile();
      assertThat(Files.readString(file, UTF_8)).as("%s", file).isEqualTo(json(module.getValue()));
    }
  }

  private static Path declaration(String module, String name) {
    return Path.of(
        "..", module, "src/main/resources/META-INF/native-image/dev.sluice", module, name);
  }

  private static String json(SortedSet<String> types) {
    return types.stream()
        .map(
            type ->
                """
                  {
                    "name": "%1$s",
                    "condition": { "typeReachable": "%1$s" },
                    "queryAllPublicMethods": true
                  }\
                """
                    .formatted(type))
        .collect(joining(",\n", "[\n", "\n]\n"));
  }

  private static String module(JavaClass type) {
    String location = type.getSource().orElseThrow().getUri().toString();
    Matcher modules = MODULE.matcher(location);
    List<String> found = modules.results().map(result -> result.group(1)).toList();
    assertThat(found).as(location).isNotEmpty();
    return found.get(found.size() - 1);
  }

  private static DescribedPredicate<JavaMethodCall> call(Class<?> owner, Predicate<String> name) {
    return DescribedPredicate.describe(
        owner.getSimpleName() + " to find something by name",
        call -> call.getTargetOwner().isEquivalentTo(owner) && name.test(call.getName()));
  }

  /** The arguments are constants then, which the builder of an image understands. */
  private static DescribedPredicate<JavaMethodCall> declaresItsOwnFields() {
    return DescribedPredicate.describe(
        "a field of its own, in a static initializer",
        call ->
            call.getName().equals("findVarHandle")
                && call.getOrigin().getName().equals("<clinit>"));
  }
}
