import { cpus, loadavg, release, totalmem, type } from "node:os";
import type { Machine } from "./figure.ts";

/** What the figures were measured on, and how busy it was. */
export function describeMachine(now = new Date()): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() || "unknown",
    cores: all.length,
    memory_gb: Math.round(totalmem() / 1024 ** 3),
    os: `${type()} ${release()}`,
    node: process.version,
    at: now.toISOString().slice(0, 16),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}
