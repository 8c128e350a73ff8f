import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Part } from "./figure.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

/** In this order, the longest of what is played first; a part that is not named here comes last. */
const order = ["workers", "tasks", "crash", "hands", "app", "record", "promises", "brain", "scale", "trace", "live"];

/** A part as the list shows it, or why its file cannot be read. */
export type Listed = { name: string } & ({ part: Part } | { broken: string });

/** Every file in `bench/` that exports a `part` is one; one that cannot be loaded is listed with the reason. */
export async function loadParts(): Promise<Listed[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts") && name !== "run.ts");
  const listed = await Promise.all(files.map((file) => loadPart(file.slice(0, -".ts".length))));
  const place = ({ name }: Listed): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return listed.flatMap((one) => one ?? []).toSorted((a, b) => place(a) - place(b));
}

/** The part in `bench/<file>.ts`; null when the file has none. */
export async function loadPart(file: string): Promise<Listed | null> {
  try {
    const { part } = (await import(`../${file}.ts`)) as { part?: Part };
    return part ? { name: part.name, part } : null;
  } catch (error) {
    return { name: file, broken: String(error instanceof Error ? (error.stack ?? error.message) : error) };
  }
}
