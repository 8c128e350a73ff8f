import { cpus, release, totalmem, type } from "node:os";
import type { Machine } from "./figure.ts";

/** What the figures were measured on. */
export function describeMachine(now = new Date()): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() || "unknown",
    cores: all.length,
    memory_gb: Math.round(totalmem() / 1024 ** 3),
    os: `${type()} ${release()}`,
    node: process.version,
    at: now.toISOString().slice(0, 10),
  };
}
