package dev.sluice.gateway;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .importUrl(GatewayConnection.class.getProtectionDomain().getCodeSource().getLocation());

  private static final String INTERNAL = "dev.sluice.gateway.internal";

  @Test
  void readsTheClassesOfTheModule() {
    assertThat(CLASSES.contain(GatewayConnection.class)).isTrue();
    assertThat(CLASSES.contain(ArchitectureTest.class)).isFalse();
    assertThat(CLASSES.size()).isGreaterThan(40);
  }

  @Test
  void doesNoInputOutputAndRunsNoThreads() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                    "io.netty..",
                    "java.net.http..",
                    "javax.net..",
                    "java.nio.channels..",
                    "java.nio.file..",
                    "java.util.concurrent..",
                    "java.util.logging..",
                    "org.slf4j..")
                .or(networkOfTheJdk())
                .or(
                    describe(
                        "threads",
                        type ->
                            type.isEquivalentTo(Thread.class)
                                || type.isEquivalentTo(ThreadLocal.class)
                                || type.isAssignableTo(java.util.Timer.class))))
        .because("the application owns sockets, threads and timers")
        .check(CLASSES);
  }

  private static DescribedPredicate<JavaClass> networkOfTheJdk() {
    return resideInAPackage("java.net")
        .and(
            describe(
                "more than the name of a resource",
                type ->
                    !Set.of("java.net.URI", "java.net.URISyntaxException")
                        .contains(type.getName())));
  }

  @Test
  void asksThePlatformForTheTimeInTwoPlacesOnly() {
    assertThat(usesOfTheClock())
        .containsOnly(
            "dev.sluice.gateway.NanoClock: java.lang.System.nanoTime",
            "dev.sluice.gateway.GatewayConfig$Builder: java.time.InstantSource.system");
  }

  private static List<String> usesOfTheClock() {
    List<String> uses = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      Stream<? extends JavaAccess<?>> accesses =
          Stream.concat(
              type.getAccessesFromSelf().stream(), type.getCodeUnitReferencesFromSelf().stream());
      accesses
          .filter(ArchitectureTest::isPlatformTime)
          .map(
              access ->
                  type.getName()
                      + ": "
                      + access.getTargetOwner().getName()
                      + '.'
                      + access.getName())
          .forEach(uses::add);
    }
    return uses;
  }

  private static boolean isPlatformTime(JavaAccess<?> access) {
    JavaClass owner = access.getTargetOwner();
    String name = access.getName();
    return (owner.isEquivalentTo(System.class)
            && (name.equals("nanoTime") || name.equals("currentTimeMillis")))
        || (owner.isEquivalentTo(Instant.class) && name.equals("now"))
        || (owner.isEquivalentTo(InstantSource.class) && name.equals("system"))
        || owner.isEquivalentTo(Clock.class)
        || owner.isEquivalentTo(java.util.Date.class);
  }

  @Test
  void theClientNeedsNeitherTheServerNorTheSharding() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.sluice.gateway", INTERNAL + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.sluice.gateway.server..", "dev.sluice.gateway.sharding..")
        .check(CLASSES);
  }

  @Test
  void noPublicSignatureShowsWhatIsInternal() {
    List<String> shown = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      if (isShown(type) && !type.getPackageName().startsWith(INTERNAL)) {
        for (JavaMember member : type.getMembers()) {
          if (isShown(member) && types(member).anyMatch(ArchitectureTest::isInternal)) {
            shown.add(member.getFullName());
          }
        }
        type.getAllRawInterfaces().stream()
            .filter(ArchitectureTest::isInternal)
            .forEach(internal -> shown.add(type.getName() + " is a " + internal.getName()));
      }
    }

    assertThat(shown).isEmpty();
  }

  private static boolean isShown(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC);
  }

  private static boolean isShown(JavaMember member) {
    return member.getModifiers().contains(JavaModifier.PUBLIC)
        || member.getModifiers().contains(JavaModifier.PROTECTED);
  }

  private static Stream<JavaClass> types(JavaMember member) {
    if (member instanceof JavaCodeUnit code) {
      return Stream.of(
              code.getReturnType().getAllInvolvedRawTypes().stream(),
              code.getParameterTypes().stream()
                  .flatMap(type -> type.getAllInvolvedRawTypes().stream()),
              code.getExceptionTypes().stream())
          .flatMap(types -> types);
    }
    return ((JavaField) member).getType().getAllInvolvedRawTypes().stream();
  }

  private static boolean isInternal(JavaClass type) {
    return type.getPackageName().startsWith(INTERNAL);
  }
}
