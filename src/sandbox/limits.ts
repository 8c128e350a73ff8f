/** What one sandbox may use. Bytes, counts; see `defaultLimits` for where the figures come from. */
export interface SandboxLimits {
  /** Processes and threads, besides those that the same user already runs. */
  processes: number;
  /** Largest file that can be written, bytes. */
  fileBytes: number;
  openFiles: number;
  /** All processes of the sandbox together where control groups can be used; otherwise the data of each process. */
  memoryBytes: number;
  /** Output of one command, bytes; what goes on talking is killed. */
  outputBytes: number;
  /** Growth of work tree, HOME and /tmp together during one command, bytes. */
  growthBytes: number;
  /** Free space of the disk below which a command is killed, bytes. */
  freeBytes: number;
}

/** Judgements to start from: roomy for test suites and compilers, far below what hurts a runner with 16 GB. */
export const defaultLimits: SandboxLimits = {
  processes: 512,
  fileBytes: 1024 ** 3,
  openFiles: 4_096,
  memoryBytes: 6 * 1024 ** 3,
  outputBytes: 20 * 1024 ** 2,
  growthBytes: 2 * 1024 ** 3,
  freeBytes: 1024 ** 3,
};
