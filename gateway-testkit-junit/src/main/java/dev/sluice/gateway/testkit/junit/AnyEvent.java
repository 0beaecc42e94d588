package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** An event of any type. */
public final class AnyEvent extends Event<AnyEvent> {

  AnyEvent(String type, @Nullable ObjectNode given) {
    super(type, given);
  }

  @Override
  AnyEvent self() {
    return this;
  }
}
