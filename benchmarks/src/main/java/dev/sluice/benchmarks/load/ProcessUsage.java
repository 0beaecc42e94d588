package dev.sluice.benchmarks.load;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What this process uses, but for the thread that asks: that is the harness. Confined to that
 * thread.
 *
 * <p>The JVM tells the processor time of a process in steps of 10 ms, Linux that of each thread in
 * nanoseconds. So the threads are summed up, those of the collectors too, unless a thread ended
 * meanwhile and took its share with it: then the JVM's figure is taken. The JIT compilers do not
 * count: they are at work for the first minutes of a process that runs for days.
 */
final class ProcessUsage {

  /**
   * What was used between two moments.
   *
   * @param cpuNanos processor time
   * @param allocatedBytes what threads allocated; on JDK 17 without those that ended meanwhile
   * @param gcMillis the time that the collectors took
   */
  record Used(long cpuNanos, long allocatedBytes, long gcMillis) {}

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final Method TOTAL_ALLOCATED = totalAllocated();
  private static final Path TASKS = Path.of("/proc/self/task");
  private static final Path OWN_TASK = Path.of("/proc/thread-self");
  private static final long NOT_KNOWN = -1;

  /**
   * The step of the JVM at either end, and as much for what happens between two looks; what is
   * beyond it was used by a thread that began and ended between them.
   */
  private static final long TOLERANCE_NANOS = TimeUnit.MILLISECONDS.toNanos(40);

  private final long ownThread = Thread.currentThread().getId();
  private final Map<Long, Long> allocatedByThread;
  private final long allocatedBytes;
  private final long gcMillis;
  private final long ownCpuNanos;
  private final long processCpuNanos;
  private final Tasks tasks;

  /**
   * The processor time of the threads but this one.
   *
   * @param nanos by the id of the task; empty where it is not known
   * @param compilerNanos that of the JIT compilers, which are not among them
   */
  private record Tasks(Map<String, Long> nanos, long compilerNanos) {}

  private ProcessUsage() {
    gcMillis = readGcMillis();
    allocatedByThread = TOTAL_ALLOCATED == null ? readAllocatedByThread() : Map.of();
    allocatedBytes = readTotalAllocated();
    ownCpuNanos = THREADS.getCurrentThreadCpuTime();
    processCpuNanos = SYSTEM.getProcessCpuTime();
    tasks = readTasks();
  }

  /** Begins to measure. */
  static ProcessUsage begin() {
    return new ProcessUsage();
  }

  /** {@return what was used since} */
  Used used() {
    Tasks tasksNow = readTasks();
    long processNanos = SYSTEM.getProcessCpuTime() - processCpuNanos;
    long ownNanos = THREADS.getCurrentThreadCpuTime() - ownCpuNanos;
    long allocated =
        TOTAL_ALLOCATED == null
            ? readAllocatedByThread().entrySet().stream()
                .mapToLong(
                    thread ->
                        thread.getValue() - allocatedByThread.getOrDefault(thread.getKey(), 0L))
                .sum()
            : readTotalAllocated() - allocatedBytes;
    return new Used(
        cpuNanos(
            tasks.nanos(),
            tasksNow.nanos(),
            processNanos - ownNanos - (tasksNow.compilerNanos() - tasks.compilerNanos())),
        allocated,
        readGcMillis() - gcMillis);
  }

  /** {@return the resident memory in bytes, 0 where it is not known} */
  static long residentBytes() {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return 0;
  }

  /** {@return the heap that is in use after some collections} */
  static long liveHeapBytes() {
    for (int i = 0; i < 5; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** {@return the Java threads that live} */
  static int threads() {
    return THREADS.getThreadCount();
  }

  /**
   * {@return the processor time by its tasks, or else that of the process}
   *
   * @param before the processor time of each task at the beginning, empty if not known
   * @param now that at the end
   * @param processNanos what the process used by its own account
   */
  static long cpuNanos(Map<String, Long> before, Map<String, Long> now, long processNanos) {
    if (before.isEmpty() || !now.keySet().containsAll(before.keySet())) {
      return processNanos;
    }
    long sum = 0;
    for (Map.Entry<String, Long> task : now.entrySet()) {
      sum += task.getValue() - before.getOrDefault(task.getKey(), 0L);
    }
    return processNanos - sum > TOLERANCE_NANOS ? processNanos : sum;
  }

  /** The first word of schedstat is the time on a processor. */
  private static Tasks readTasks() {
    Map<String, Long> nanos = new HashMap<>();
    long compilerNanos = 0;
    if (!Files.isDirectory(TASKS) || !Files.isSymbolicLink(OWN_TASK)) {
      return new Tasks(nanos, compilerNanos);
    }
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
      Path own = Files.readSymbolicLink(OWN_TASK).getFileName();
      for (Path task : tasks) {
        if (task.getFileName().equals(own)) {
          continue;
        }
        long read = readCpu(task.resolve("schedstat"));
        if (read == NOT_KNOWN) {
          continue;
        }
        if (isCompiler(task.resolve("comm"))) {
          compilerNanos += read;
        } else {
          nanos.put(task.getFileName().toString(), read);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Tasks(nanos, compilerNanos);
  }

  /** By the name that HotSpot gives its compilers, as far as Linux keeps it. */
  private static boolean isCompiler(Path comm) throws IOException {
    try {
      String name = Files.readString(comm);
      return name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler");
    } catch (NoSuchFileException e) {
      return false; // it has ended meanwhile
    }
  }

  private static long readCpu(Path schedstat) throws IOException {
    try {
      String line = Files.readString(schedstat);
      return Long.parseLong(line.substring(0, line.indexOf(' ')));
    } catch (NoSuchFileException e) {
      return NOT_KNOWN; // the thread has ended meanwhile, or the kernel keeps no such figures
    } catch (IOException e) {
      if (Files.exists(schedstat)) {
        throw e;
      }
      return NOT_KNOWN;
    }
  }

  private static long readGcMillis() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
  }

  private Map<Long, Long> readAllocatedByThread() {
    long[] ids = THREADS.getAllThreadIds();
    long[] bytes = THREADS.getThreadAllocatedBytes(ids);
    Map<Long, Long> byThread = new HashMap<>();
    for (int i = 0; i < ids.length; i++) {
      if (bytes[i] >= 0 && ids[i] != ownThread) {
        byThread.put(ids[i], bytes[i]);
      }
    }
    return byThread;
  }

  private long readTotalAllocated() {
    if (TOTAL_ALLOCATED == null) {
      return NOT_KNOWN;
    }
    try {
      long own = THREADS.getThreadAllocatedBytes(ownThread);
      return (long) TOTAL_ALLOCATED.invoke(THREADS) - own;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Since JDK 21. */
  private static Method totalAllocated() {
    try {
      return ThreadMXBean.class.getMethod("getTotalThreadAllocatedBytes");
    } catch (NoSuchMethodException e) {
      return null;
    }
  }
}
