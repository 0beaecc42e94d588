package dev.sluice.gateway.testkit.junit;

import dev.sluice.gateway.testkit.LocalGateway;
import java.lang.reflect.AnnotatedElement;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;

/** Starts the gateways that {@link LocalGatewayTest} describes, where they are asked for. */
final class LocalGatewayExtension implements ParameterResolver, TestExecutionExceptionHandler {

  /** An annotation and where it stands: gateways of different places are different ones. */
  private record Declaration(AnnotatedElement place, LocalGatewayTest settings) {}

  /** A gateway that ends with the scope that asked for it. */
  private record Started(TestGateway gateway, ExtensionContext scope) implements AutoCloseable {

    @Override
    public void close() {
      // What a test that failed has left open is no news.
      gateway.end(scope.getExecutionException().isEmpty());
    }
  }

  private static final Namespace NAMESPACE = Namespace.create(LocalGatewayExtension.class);

  LocalGatewayExtension() {}

  /** Gives a constructor a gateway for each test, unless its instance is that of all tests. */
  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == TestGateway.class || type == LocalGateway.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Declaration declaration = declaration(context);
    Started started = started(declaration, context);
    if (started == null) {
      started = new Started(TestGateway.start(declaration.settings), context);
      context.getStore(NAMESPACE).put(declaration.place, started);
    }
    return parameter.getParameter().getType() == TestGateway.class
        ? started.gateway
        : started.gateway.local();
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    Started started = started(declaration(context), context);
    if (started != null
        && !(failure instanceof GatewayAssertionError)
        && !(failure instanceof TestAbortedException)) {
      failure.addSuppressed(new WhatTheGatewaySaw(started.gateway.journal()));
    }
    throw failure;
  }

  /** {@return the gateway of a declaration in this scope or one around it, null for none} */
  private static @Nullable Started started(Declaration declaration, ExtensionContext context) {
    return context.getStore(NAMESPACE).get(declaration.place, Started.class);
  }

  /** {@return the declaration nearest to a test: its method's, its class's, or that around it} */
  private static Declaration declaration(ExtensionContext context) {
    Optional<Declaration> found = context.getTestMethod().flatMap(LocalGatewayExtension::on);
    Class<?> place = context.getRequiredTestClass();
    while (found.isEmpty() && place != null) {
      found = on(place);
      place = place.getEnclosingClass();
    }
    return found.orElseThrow(
        () ->
            new IllegalStateException(
                "annotation: none on "
                    + context.getRequiredTestClass().getName()
                    + " (expected: @LocalGatewayTest)"));
  }

  private static Optional<Declaration> on(AnnotatedElement place) {
    return AnnotationSupport.findAnnotation(place, LocalGatewayTest.class)
        .map(settings -> new Declaration(place, settings));
  }
}
