package dev.sluice.gateway.simulation;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Loads our classes anew, the simulation with them, with one of them patched and recompiled. */
final class PlantedClassLoader extends ClassLoader {

  private static final String OURS = "dev.sluice.gateway.";
  private static final Path SOURCES = Path.of("src", "main", "java", "dev", "sluice", "gateway");

  private final Map<String, byte[]> patched;

  /**
   * Compiles a bug.
   *
   * @throws IllegalStateException if an edit's text does not occur once, or the result does not
   *     compile
   */
  PlantedClassLoader(PlantedBug bug) throws IOException {
    super(PlantedClassLoader.class.getClassLoader());
    Path file = SOURCES.resolve(bug.file());
    patched = compile(file, patch(bug, Files.readString(file)));
  }

  private static String patch(PlantedBug bug, String source) {
    String patched = source;
    for (PlantedBug.Edit edit : bug.edits()) {
      int at = patched.indexOf(edit.text());
      if (at < 0 || patched.indexOf(edit.text(), at + 1) >= 0) {
        throw new IllegalStateException(
            "planted bug \""
                + bug.name()
                + "\": the text to replace is "
                + (at < 0 ? "not in " : "more than once in ")
                + bug.file()
                + " (expected: once); plant it again: "
                + edit.text());
      }
      patched =
          patched.substring(0, at)
              + edit.replacement()
              + patched.substring(at + edit.text().length());
    }
    return patched;
  }

  private static Map<String, byte[]> compile(Path file, String source) throws IOException {
    JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "a JDK");
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Map<String, ByteArrayOutputStream> outputs = new HashMap<>();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
        JavaFileManager memory = new InMemory(files, outputs)) {
      JavaFileObject unit =
          new SimpleJavaFileObject(file.toUri(), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
              return source;
            }
          };
      List<String> options = List.of("-proc:none", "-nowarn", "-g", "-classpath", classPath);
      if (!compiler.getTask(messages, memory, null, options, null, List.of(unit)).call()) {
        throw new IllegalStateException("the planted bug does not compile: " + messages);
      }
    }
    Map<String, byte[]> classes = new HashMap<>();
    outputs.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
    return classes;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OURS)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded == null) {
        byte[] bytes = bytesOf(name);
        loaded = defineClass(name, bytes, 0, bytes.length);
      }
      return loaded;
    }
  }

  private byte[] bytesOf(String name) throws ClassNotFoundException {
    byte[] ours = patched.get(name);
    if (ours != null) {
      return ours;
    }
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {

    private final Map<String, ByteArrayOutputStream> outputs;

    InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> outputs) {
      super(files);
      this.outputs = outputs;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("memory:///" + className), kind) {
        @Override
        public OutputStream openOutputStream() {
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          outputs.put(className, bytes);
          return bytes;
        }
      };
    }
  }
}
