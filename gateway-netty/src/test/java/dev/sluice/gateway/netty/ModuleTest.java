package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The build does not hand module-info.java to the compiler plugin, which so cannot miss it. */
class ModuleTest {
  @Test
  void classesCarryTheirModuleDescriptor() throws URISyntaxException {
    var classes = Path.of(Shard.class.getProtectionDomain().getCodeSource().getLocation().toURI());

    var module = ModuleFinder.of(classes).find("dev.sluice.gateway.netty").orElseThrow();

    assertThat(module.descriptor().isAutomatic()).isFalse();
    assertThat(module.descriptor().exports())
        .extracting(ModuleDescriptor.Exports::source)
        .containsExactly("dev.sluice.gateway.netty");
  }
}
