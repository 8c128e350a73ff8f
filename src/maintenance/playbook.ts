import { z } from "zod";

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof weekdays)[number];

/** Days of the week by number of `Date.getUTCDay`. */
export function weekdayOf(at: Date): Weekday {
  return weekdays[(at.getUTCDay() + 6) % 7]!;
}

const command = z.string().min(1).max(4_000);
const path = z.string().min(1).max(300);

/** When a playbook is due: `nightly`, `weekly:<day>` or `monthly:<1 to 28>`. */
export const Schedule = z
  .string()
  .regex(
    /^(?:nightly|weekly:(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|monthly:(?:[1-9]|1\d|2[0-8]))$/,
    "nightly, weekly:<monday to sunday> or monthly:<1 to 28>",
  )
  .describe(
    "When the chore is due: nightly, weekly:<monday to sunday> or monthly:<1 to 28>. A night that was skipped is made up once.",
  );

/** The front matter of a playbook. Unknown keys are refused, so that a misspelt limit never passes silently. */
export const PlaybookHead = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/,
      "lower-case letters, digits and hyphens, at most 48, such as dependency-updates",
    )
    .describe("Name of the playbook; part of its sessions' key."),
  description: z.string().min(3).max(300).describe("One sentence for people."),
  schedule: Schedule,
  limits: z
    .strictObject({
      turns: z.int().min(1).max(10_000).optional().describe("Most turns of a run; can only lower the policy's."),
      usd: z
        .number()
        .positive()
        .max(100_000)
        .optional()
        .describe("Most US dollars of a run; can only lower the policy's."),
      minutes: z
        .number()
        .positive()
        .max(330)
        .optional()
        .describe("Most minutes of a run; can only lower the policy's."),
    })
    .prefault({})
    .describe("Caps of one run."),
  paths: z
    .array(path)
    .max(200)
    .default([])
    .describe("Globs of what the chore may touch; empty means everything that the policy allows."),
  prepare: z
    .array(command)
    .max(50)
    .default([])
    .describe("Commands that Baton runs as set-up, with the package registry as their only network."),
  oracles: z.array(command).max(50).default([]).describe("Commands that decide the contract, besides the policy's."),
  labels: z.array(z.string().min(1).max(50)).max(20).default([]).describe("Labels of the pull request."),
  reviewers: z
    .array(
      z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\/[A-Za-z0-9._-]+)?$/, "a login, or organisation/team"),
    )
    .max(15)
    .default([])
    .describe("Who is asked to review."),
  skip_if: z
    .array(command)
    .max(20)
    .default([])
    .describe("Commands run on the base; when one exits 0 there is nothing to do."),
});
export type PlaybookHead = z.infer<typeof PlaybookHead>;

/** A chore that proves itself: what is due, within which limits, and the request in plain words. */
export interface Playbook extends PlaybookHead {
  /** The request that the initializer reads. */
  body: string;
  /** Where it came from: a path of the default branch, or `built-in`. */
  source: string;
}

/** Folder of a repository's own playbooks, on the default branch. */
export const playbookFolder = ".github/baton/maintenance";
