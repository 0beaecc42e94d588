package dev.sluice.testkit.brokers;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;

/**
 * The process of a broker: formats its directory when that is new, starts it and says {@code
 * started}. Ends when it is told to, or when its standard input ends because its parent did.
 */
final class BrokerMain {

  private BrokerMain() {}

  public static void main(String[] arguments) throws Exception {
    String file = arguments[0];
    Properties properties = new Properties();
    try (InputStream settings = new FileInputStream(file)) {
      properties.load(settings);
    }
    if (!Files.exists(Path.of(properties.getProperty("log.dirs"), "meta.properties"))) {
      String id = Uuid.randomUuid().toString();
      int code = StorageTool.execute(new String[] {"format", "-t", id, "-c", file}, System.err);
      if (code != 0) {
        System.exit(code);
      }
    }
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "shutdown"));
    try {
      server.startup();
    } catch (Throwable e) { // threads that run already would keep the process alive
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    System.out.println("started");
    Thread watch = new Thread(BrokerMain::endWithParent, "parent");
    watch.setDaemon(true);
    watch.start();
    server.awaitShutdown();
  }

  private static void endWithParent() {
    try {
      while (System.in.read() >= 0) {
        // nothing is said there
      }
    } catch (IOException e) {
      e.printStackTrace(); // and the parent is gone all the same
    }
    Runtime.getRuntime().halt(1);
  }
}
