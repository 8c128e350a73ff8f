/** What a figure says, by its id or by the longest beginning of it. */
const meanings: Readonly<Record<string, string>> = {
  "P0.fix_solved": "a fix of six turns, solved and verified",
  "P1.start_ms": "from the claim of the session to the first request to the model",
  "P1.process_to_request_ms": "from the start of the process to that request; floor: the raw loop",
  "P2.overhead_ms":
    "what Baton adds to a turn: between answer and next request, less the command itself, last turns of 200; × floor: with the command, which both run",
  "P2.overhead_ms_turn_1": "the same in the first turns",
  "P3.cpu_ms_per_turn": "CPU of Baton's own process per turn, over 200 turns",
  "P3.cpu_ms_of_children_per_turn": "CPU of what it starts (commands, walls, git) per turn",
  "P4.rss_mb": "most memory that the process ever held, over 200 turns",
  "P5.prompt_tokens": "tools and system prompt of the worker, estimated at 3.5 bytes a token",
  "P6.cost_ratio_200_turns": "simulated USD for the prompts of 200 turns × 2 kB, against the raw loop",
  "P6.solved": "that task, solved and verified",
  "P6.largest_prompt_200k_window": "largest prompt of 150 × 12 kB before a window of 200k tokens",
  "P6.solved_200k_window": "that task, solved and verified",
  "P7.bytes_of_1mb_output": "what the model sees of an output of 1 MB, at most",
  "P7.cut_with_head_and_tail": "such outputs that show their beginning and their end",
  "P7.solved_by_opening_the_files": "the task of 20 × 1 MB, solved by opening what was cut",
  "P8.resume": "a fresh runner: from an empty folder to the open session",
  "P9.ack": "an acknowledgement at 200 deliveries a second while GitHub answers 503; floor: a bare HTTP server",
  "P9.taken_share": "deliveries of that outage that were taken",
  "P9.peak_memory_mb": "most memory of the App in it",
  "P10.deliveries_per_s": "deliveries that the App acknowledges in a second; floor: a bare HTTP server",
  "P11.turn_cost_slope": "record and checkpoint at turn 1,000 over turn 100",
  "P11.turn_cpu_slope": "the same in CPU of Baton's own process",
  "P11.checkpoint_ms": "one checkpoint, pushed to a bare repository on this disk, near that turn",
  "P11.record_ms": "the five events of a turn, appended and synced, near that turn",
  "P12.runner_mb": "memory of a fresh process that has opened a session of so many events",
  "P13.label_to_dispatch_ms":
    "from a label to the dispatch of its run by the App, which so many sessions have asked before",
  "P14.trace_write_ms": "the trace of a session of 10,000 events, from events to a file",
  "P14.trace_open_ms": "that file in headless Chromium: from its address to a drawn page that takes keys and searches",
  "P14.trace_open_cpu_ms": "the same in CPU of the page's thread",
  "P14.trace_search_ms": "a word that one of its 10,000 events holds: from the last letter to that row alone",
  "P13.app_mb": "memory of the App after so many sessions",
  "R1.kills_not_whole": "sessions killed at a failpoint, every occurrence, that the next run did not finish whole",
  "R2.violations": "seeded schedules of power losses, torn writes and crashes while recovering that broke a promise",
  "R3.whole_after_kill_share": "kill -9 of the real action at random moments: sessions that ended whole",
  "R4.finished": "a session of 40 turns whose machine is wiped after every turn ends right",
  "R4.repeated_turns": "answers of the model beyond those of the session in peace",
  "R4.cost_ratio": "its bill against the bill in peace",
  R5: "ambiguous answers to writes (500, reset, timeout, … before and after the effect): tests without exactly one effect",
  "R6.effective": "commands with exactly one effect in a storm: shuffled, doubled, the App killed again and again",
  "R6.lost": "commands without an effect in it",
  "R6.double": "commands with two effects in it",
  "R6.double_comments": "status comments beyond the first of an issue in it",
  "R8.underbooked": "sessions under kills and wipes that booked less than the model's server billed",
  "R9.cancel_to_checkpoint_ms": "from the cancel button to the checkpoint that says so",
  "R9.cancel_to_status_ms": "from the cancel button to the status comment that says so",
  "R9.saved_share": "cancelled runs whose session and comment say so",
  "R10.silent_mutations": "mutations of a journal that were read as if nothing had happened",
  "R11.resume": "a fresh runner: from an empty folder to the open session",
  R12: "full disks and failing writes of the journal: tests that fail",
  R13: "two runners on one session, and people who push meanwhile: tests that fail",
  R15: "records of earlier versions, and every bit of a state file flipped: tests that fail",
  "S1.hostile_calls": "calls of a model that obeys an attacker, against the bundled action",
  "S1.canaries_out": "planted secrets found anywhere, in any of 12 disguises",
  "S1.writes_outside": "files written outside the work tree",
  "S1.foreign_refs": "refs touched besides the session's own",
  "S1.connections": "connections besides the proxy",
  "S1.processes_left": "processes that outlived the run",
  "S1.run_s": "how long that run took",
  S2: "channels of hidden text, ordinary and generated bodies: tests that fail",
  S3: "ways to make git run a program: tests that fail",
  S4: "a scanner within the walls, and every way out: tests that fail",
  S5: "2,880 cells of who may start what: tests that fail",
  S6: "our own workflows under GitHub's parser, actionlint and a security review: tests that fail",
  "S7.guards_unnoticed": "guards of the walls that can be taken away without a probe that turns red",
  "S7.hole_is_seen": "with a secret laid within reach the same bench sees it",
  "S8.race_escapes": "rounds in which a link that was swapped in led outside",
  "S8.path_tests_failed": "spellings, links and races of paths that lead out: tests that fail",
  S10: "pins, lockfile, install scripts, and a rebuild of dist/ byte for byte: tests that fail",
  "H1.command_ms": "a command within the walls; floor: a plain spawn",
  "H2.command_raised_ahead_ms": "the same when the walls were raised while the model was thinking",
  "H3.file_call_ms": "a call of a file tool",
  "W1.right_outcomes": "scripted workers whose session ended as it must",
  "W2.false_accepts": "accepted, although the hidden test or the tree says no",
  "W3.false_alarms": "honest workers that were stopped, nudged or refused",
  "W4.over_cap": "sessions that booked less than was billed, or more than their cap",
  "W5.policy_ms": "how long one of them takes, with others beside it",
  "T1.right_outcomes": "real defects × workers that were accepted exactly when the ground truth says right",
  "T2.false_accepts": "accepted, although wrong by the ground truth",
  "T3.false_alarms": "not accepted, although right by the ground truth or the work of an honest worker",
  "T4.seconds_per_task": "how long one takes, set-up and all",
  "T5.simulated_usd_per_task": "its bill at list prices",
  "L1.solved": "tasks that the real model solved and Baton accepted",
  "L2.false_accepts": "accepted, although wrong by the ground truth",
  "L3.refused": "tasks that ended without an accepted answer",
  "L4.usd_per_task": "what one costs",
  "L5.seconds_per_task": "how long one takes",
};

const counted = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);

/** Every figure that the design names: cost, reliability, security, workers and tasks. */
export const allIds: readonly string[] = [
  ...[...counted("P", 11), ...counted("R", 16), ...counted("S", 10)],
  ...[...counted("W", 3), ...counted("T", 3)],
];

/** Figures of the reliability and security chapters that no part prints, and where they stand. */
export const elsewhere: Readonly<Record<string, string>> = {
  R7: "is P9.ack_p99_ms: 200 deliveries a second in an outage of GitHub (10 s long; 30 s with `--full`).",
  R11: "is P8.resume_ms_10k_events; 51,200 events are opened with `--full` (`npm run bench -- scale --full`).",
  R14: "is not measured: no soak of 1,000 issues over a virtual day exists.",
  R16: "is not measured: the guards of recovery are not taken away one by one, as those of the walls are (S7).",
  S9: "is not measured: who may start is decided after the acknowledgement, whose time is P9.",
};

/** What a figure says, in a phrase; empty for one that nobody has described. */
export function meaningOf(id: string): string {
  const known = Object.keys(meanings).filter((start) => id.startsWith(start));
  const longest = known.toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? "" : meanings[longest]!;
}
