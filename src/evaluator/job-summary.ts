import type { Event } from "../domain/event.ts";
import { renderCourse } from "./course.ts";
import { fitSections } from "./fit-sections.ts";
import { reportSections } from "./report.ts";
import type { ReportView } from "./report-view.ts";

/** Most characters of a job summary that Baton writes; GitHub's limit is 1 MiB per step, in bytes. */
const maxSummary = 250_000;

/** The same report on the page of the Actions run, with the course of its turns. It closes nothing there, so that line is left out. */
export function renderJobSummary(view: ReportView, events: readonly Event[]): string {
  const sections = reportSections({ ...view, request: { ...view.request, number: null } });
  sections.splice(-1, 0, { name: "course", drop: 4, text: renderCourse(events) });
  return `${fitSections(sections, maxSummary, view.facts.fullReportUrl ?? view.facts.traceUrl)}\n`;
}
