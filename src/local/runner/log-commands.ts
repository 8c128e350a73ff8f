import type { Masks } from "./masks.ts";

export interface Annotation {
  level: "notice" | "warning" | "failure";
  message: string;
}

/** Reads `::command::` lines of a step's output, and gives back what goes to the log. */
export interface LogReader {
  /** One line of output, masked; null when the line was a command that does not show. */
  line(text: string): string | null;
  annotations: Annotation[];
}

/** Most annotations of one kind per step (docs: workflow commands). */
const mostPerLevel = 10;
const levels: Record<string, Annotation["level"]> = { notice: "notice", warning: "warning", error: "failure" };
const commandPattern = /^\s*::([a-z-]+)(?:\s+(.*?))?::(.*)$/;

/** The older form, which the runner takes anywhere in a line when the name is one of its own (ActionCommand.TryParse). */
const legacyPattern = /##\[(add-mask|debug|endgroup|error|group|notice|stop-commands|warning)(?:\s[^\]]*)?()\](.*)$/;

/** Opens a reader for one step. */
export function createLogReader(masks: Masks): LogReader {
  const annotations: Annotation[] = [];
  let stopToken: string | null = null;
  const unescapeData = (text: string): string =>
    text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
  const command = (name: string, value: string): string | null => {
    if (name === "add-mask") {
      masks.add(unescapeData(value));
      return null;
    }
    if (name === "stop-commands") {
      stopToken = value.trim();
      return null;
    }
    if (name === "debug") return null;
    if (name === "group") return masks.apply(`▸ ${unescapeData(value)}`);
    if (name === "endgroup") return null;
    const level = levels[name];
    if (!level) return masks.apply(`::${name}::${value}`);
    const message = masks.apply(unescapeData(value));
    if (annotations.filter((entry) => entry.level === level).length < mostPerLevel)
      annotations.push({ level, message });
    return `${name[0]?.toUpperCase()}${name.slice(1)}: ${message}`;
  };
  return {
    annotations,
    line(text) {
      const found = commandPattern.exec(text) ?? legacyPattern.exec(text);
      if (stopToken !== null) {
        if (text.trim() === `::${stopToken}::`) {
          stopToken = null;
          return null;
        }
        return masks.apply(text);
      }
      return found ? command(found[1] ?? "", found[3] ?? "") : masks.apply(text);
    },
  };
}
