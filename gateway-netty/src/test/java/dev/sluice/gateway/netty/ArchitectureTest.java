package dev.sluice.gateway.netty;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.sluice.gateway.GatewayConnection;
import io.netty.channel.ChannelHandler;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .importUrl(ShardManager.class.getProtectionDomain().getCodeSource().getLocation());

  @Test
  void dependsOnNothingAboveIt() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.sluice.gateway.testkit..", "dev.sluice.gateway.server..", "dev.sluice.examples..")
        .check(CLASSES);
  }

  @Test
  void noHandlerIsSharable() {
    noClasses()
        .that()
        .areAssignableTo(ChannelHandler.class)
        .should()
        .beAnnotatedWith(ChannelHandler.Sharable.class)
        .check(CLASSES);
  }

  @Test
  void oneAdapterFeedsAConnectionAndItsShardDrainsIt() {
    classes()
        .that(DescribedPredicate.not(simpleName("GatewayHandler")).and(notNamed("Shard")))
        .should(notCall("recv", "send"))
        .check(CLASSES);
  }

  @Test
  void publicSignaturesMentionOnlyPublicTypes() {
    methods()
        .that()
        .areDeclaredInClassesThat()
        .arePublic()
        .and()
        .arePublic()
        .should(mentionOnlyPublicTypes())
        .check(CLASSES);
  }

  @Test
  void nothingSleeps() {
    noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CLASSES);
  }

  private static DescribedPredicate<JavaClass> notNamed(String name) {
    return DescribedPredicate.not(simpleName(name));
  }

  private static ArchCondition<JavaClass> notCall(String... prefixes) {
    return new ArchCondition<>("not call " + String.join("*, ", prefixes) + '*') {
      @Override
      public void check(JavaClass item, ConditionEvents events) {
        for (JavaMethodCall call : item.getMethodCallsFromSelf()) {
          if (call.getTargetOwner().isEquivalentTo(GatewayConnection.class)) {
            for (String prefix : prefixes) {
              if (call.getName().startsWith(prefix)) {
                events.add(SimpleConditionEvent.violated(call, call.getDescription()));
              }
            }
          }
        }
      }
    };
  }

  private static ArchCondition<JavaMethod> mentionOnlyPublicTypes() {
    return new ArchCondition<>("mention only public types") {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        for (JavaClass type : method.getAllInvolvedRawTypes()) {
          JavaClass base = type.getBaseComponentType();
          if (base.getPackageName().startsWith("dev.sluice")
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
