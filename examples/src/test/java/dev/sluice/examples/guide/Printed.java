package dev.sluice.examples.guide;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/** What was printed, and a way to wait for it. */
final class Printed extends OutputStream {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  PrintStream stream() {
    return new PrintStream(this, true, UTF_8);
  }

  @Override
  public synchronized void write(int b) {
    bytes.write(b);
    notifyAll();
  }

  @Override
  public synchronized void write(byte[] b, int off, int len) {
    bytes.write(b, off, len);
    notifyAll();
  }

  synchronized void await(String text) throws InterruptedException {
    while (!toString().contains(text)) {
      wait();
    }
  }

  @Override
  public synchronized String toString() {
    return bytes.toString(UTF_8);
  }
}
