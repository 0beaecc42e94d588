package dev.sluice.gateway.kafka;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.netty.ShardManager;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {

  private static final String API = "dev.sluice.gateway.kafka";
  private static final String INTERNAL = API + ".internal";

  private static final JavaClasses CLASSES = classesBeside(KafkaFleet.class);

  private static JavaClasses classesBeside(Class<?> type) {
    return new ClassFileImporter()
        .importUrl(type.getProtectionDomain().getCodeSource().getLocation());
  }

  @Test
  void packagesDependOnEachOtherOneWay() {
    slices().matching(INTERNAL + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage(INTERNAL + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(API)
        .check(CLASSES);
  }

  @Test
  void theApiAloneIsExported() throws URISyntaxException {
    Path classes =
        Path.of(KafkaFleet.class.getProtectionDomain().getCodeSource().getLocation().toURI());

    ModuleReference module = ModuleFinder.of(classes).find(API).orElseThrow();

    assertThat(module.descriptor().isAutomatic()).isFalse();
    assertThat(module.descriptor().exports())
        .extracting(ModuleDescriptor.Exports::source)
        .containsExactly(API);
  }

  @Test
  void publicSignaturesMentionNothingInternal() {
    methods()
        .that()
        .areDeclaredInClassesThat()
        .resideInAPackage(API)
        .and()
        .areDeclaredInClassesThat()
        .arePublic()
        .and()
        .arePublic()
        .should(mentionOnlyPublicTypes())
        .check(CLASSES);
  }

  @Test
  void noTypeOfKafkaIsInTheModulesBelow() {
    for (Class<?> below : new Class<?>[] {GatewayConnection.class, ShardManager.class}) {
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.kafka..", API + "..")
          .check(classesBeside(below));
    }
  }

  @Test
  void nothingSleeps() {
    noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CLASSES);
  }

  private static ArchCondition<JavaMethod> mentionOnlyPublicTypes() {
    return new ArchCondition<>("mention only public types of exported packages") {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        for (JavaClass type : method.getAllInvolvedRawTypes()) {
          JavaClass base = type.getBaseComponentType();
          if (base.getPackageName().startsWith(INTERNAL)
              || base.getPackageName().startsWith("dev.sluice")
                  && !base.getModifiers().contains(JavaModifier.PUBLIC)) {
            events.add(
                SimpleConditionEvent.violated(
                    method, method.getFullName() + " mentions " + base.getName()));
          }
        }
      }
    };
  }
}
