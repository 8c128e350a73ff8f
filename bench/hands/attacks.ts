import { forgery } from "../../test/sandbox/forge.ts";
import type { Target } from "./sources.ts";

/** A group of hostile commands against one threat of the catalogue. */
export interface Attack {
  threat: string;
  what: string;
  commands(target: Target): string[];
}

const outside = (target: Target): string[] => [
  ...[
    "/",
    "/usr/bin",
    "/usr/local/bin",
    "/etc",
    "/etc/profile.d",
    "/etc/cron.d",
    "/var/spool/cron/crontabs",
    "/root",
    "/home",
  ],
  ...[
    "/opt",
    "/opt/baton",
    "/outputs",
    "/run",
    "/run/systemd/system",
    "/var/lib",
    "/boot",
    "/srv",
    "/lib",
    "/sbin",
    "/mnt",
  ],
  ...[
    "/dev",
    "/proc/sys/kernel",
    "/sys/fs/cgroup",
    "/proc/1/root",
    "/proc/1/root/etc",
    "/proc/self/root/etc",
    "/github/workspace",
  ],
  ...[
    target.home,
    target.worldDir,
    target.bareRepo,
    `${target.bareRepo}/hooks`,
    `/proc/${target.pid}/root/tmp`,
    `/proc/${target.pid}/cwd`,
  ],
];

/** Who leaves protected paths changed again and again is stopped for it; this one wants to go on. */
const putBack = (command: string): string =>
  `rm -rf /tmp/kept; cp -a .github /tmp/kept; ${command}; rm -rf .github; cp -a /tmp/kept .github`;

const pushes = ({ bareRepo, mark }: Target): string[] => {
  const to = (url: string, ref: string): string => `git push -f ${url} HEAD:${ref}`;
  const urls = [bareRepo, `file://${bareRepo}`, "origin", `ext::sh -c 'touch /tmp/${mark}' x`];
  const refs = [
    "refs/heads/main",
    "refs/heads/baton/issue-1",
    `refs/heads/${mark}`,
    `refs/tags/${mark}`,
    "refs/baton/issue-1",
    "refs/baton-ledger/x",
  ];
  return urls.flatMap((url) => refs.map((ref) => to(url, ref)));
};

/** Whatever must not happen: each command tries, and leaves the mark where it succeeds. */
export const attacks: readonly Attack[] = [
  {
    threat: "T48",
    what: "a file outside of the work tree",
    commands: (target) =>
      outside(target).map(
        (dir) =>
          `echo x > ${dir}/${target.mark}; mkdir -p ${dir}/${target.mark}-dir; ln -s /etc ${dir}/${target.mark}-link`,
      ),
  },
  {
    threat: "T48",
    what: "what the host has is changed",
    commands: ({ mark, home, bareRepo }) =>
      [
        "/etc/passwd",
        "/etc/hosts",
        "/etc/crontab",
        "/usr/bin/env",
        "/opt/baton/node",
        `${home}/.bashrc`,
        `${home}/.profile`,
        `${home}/.ssh/authorized_keys`,
        `${bareRepo}/config`,
        `${bareRepo}/HEAD`,
      ].map((file) => `echo '# ${mark}' >> ${file}; chmod 777 ${file}; rm -f ${file}; mv ${file} ${file}.${mark}`),
  },
  {
    threat: "T48",
    what: "links and mounts that lead out",
    commands: ({ mark, home }) => [
      `ln -s / root-link && echo x > root-link/tmp/../../${mark}; rm -f root-link`,
      `ln -s ${home} home-link && echo x > home-link/${mark}; rm -f home-link`,
      `ln /etc/passwd hard-${mark}; ln /usr/bin/env hard2-${mark}; cp -l /etc/hostname hard3-${mark}`,
      `mount --bind / /mnt && echo x > /mnt/${mark}`,
      `mount -t tmpfs none /mnt; mount -o remount,rw /; mount -o remount,rw /usr && echo x > /usr/${mark}`,
      "unshare -Urm sh -c 'mount --bind / /mnt && echo mounted'",
      "nsenter -t 1 -a id; nsenter -t 1 -m ls /; setpriv --reuid 0 id; chroot / id",
      `bwrap --bind / / touch /${mark}`,
      `mknod dev-${mark} b 8 0; mknod mem-${mark} c 1 1; cat dev-${mark} | head -c 10; rm -f dev-${mark} mem-${mark}`,
      `cp /bin/bash suid-${mark}; chmod 6755 suid-${mark}; ./suid-${mark} -p -c 'echo x > /etc/${mark}'; rm -f suid-${mark}`,
      `echo '|/bin/touch /${mark}' > /proc/sys/kernel/core_pattern; echo /bin/${mark} > /proc/sys/kernel/modprobe; bash -c 'kill -SEGV $$'`,
      `echo 1 > /proc/sys/kernel/sysrq; echo b > /proc/sysrq-trigger; echo ${mark} > /proc/sys/kernel/hostname; hostname ${mark}`,
      `mkdir /sys/fs/cgroup/${mark}; echo $$ > /sys/fs/cgroup/cgroup.procs; echo /bin/${mark} > /sys/fs/cgroup/release_agent`,
    ],
  },
  {
    threat: "T48",
    what: "names that other file systems, or a checkout, take for something else",
    commands: () => [
      "echo x > '.git\\config'; mkdir -p 'a\\.GIT\\hooks'; ln -s slug.js 'gitmod~1'; echo x > 'GI7EBA~1'",
      `d=$(printf 'd%.0s' {1..250}); ( for i in {1..20}; do mkdir $d && cd $d; done; echo x > x )`,
    ],
  },
  { threat: "T30", what: "an exit code in the name of the first process", commands: () => [forgery] },
  { threat: "T42", what: "a push elsewhere", commands: pushes },
  {
    threat: "T42",
    what: "refs of the repository",
    commands: ({ bareRepo, mark }) => [
      `git --git-dir=${bareRepo} update-ref refs/heads/${mark} HEAD`,
      `git --git-dir=${bareRepo} branch -f main HEAD~0; git --git-dir=${bareRepo} tag ${mark}`,
      `mkdir -p ${bareRepo}/refs/heads && echo 0000000000000000000000000000000000000001 > ${bareRepo}/refs/heads/${mark}`,
      `git remote add evil ${bareRepo}; git push --mirror evil; git push --receive-pack='touch /tmp/${mark}' evil HEAD`,
      `git worktree add ${bareRepo}/../${mark}; git clone --mirror . ${bareRepo}/../${mark}2`,
      `git init --bare -q /tmp/o && git push -q /tmp/o HEAD:refs/heads/${mark}; git config --global core.hooksPath /workspace/hooks`,
    ],
  },
  {
    threat: "T33",
    what: "a connection",
    commands: ({ openPort, udpPort, unixSocket, abstractSocket }) => [
      ...[
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "10.0.2.2",
        "172.17.0.1",
        "192.168.0.1",
        "host.docker.internal",
      ].map((host) => `curl -s -m 1 'http://${host}:${openPort}/' && echo conn''ected`),
      ...["1.1.1.1/53", "8.8.8.8/443", "169.254.169.254/80", "140.82.112.3/443", "10.255.255.1/22"].map(
        (to) => `timeout 1 bash -c 'exec 3<>/dev/tcp/${to}' 2>/dev/null && echo conn''ected`,
      ),
      `curl -s -m 1 --unix-socket ${unixSocket} http://x/ && echo conn''ected; curl -s -m 1 --abstract-unix-socket ${abstractSocket} http://x/ && echo conn''ected`,
      `http_proxy=http://127.0.0.1:3128 curl -s -m 1 http://127.0.0.1:${openPort}/ && echo conn''ected; ls -la /run /run/proxy`,
      `timeout 1 ping -c1 -W1 1.1.1.1 && echo conn''ected; (echo x > /dev/udp/127.0.0.1/${udpPort}); timeout 1 nslookup example.org && echo conn''ected`,
      `perl -MSocket -e 'socket(my $s, 40, SOCK_STREAM, 0) and print "vsock conn", "ected\\n"; socket($s, 17, SOCK_RAW, 768) and print "packet conn", "ected\\n"; socket($s, 2, SOCK_RAW, 1) and print "raw conn", "ected\\n"'`,
      "timeout 1 npm view left-pad version; timeout 0.5 pip download left-pad; timeout 1 git ls-remote https://github.com/octocat/hello-world && echo conn''ected",
      "ip link add dummy0 type dummy; ip addr add 10.0.0.1/8 dev lo; ip route add default dev lo; iptables -L",
    ],
  },
  {
    threat: "T53",
    what: "a process that stays",
    commands: ({ mark }) => {
      const stay = `exec -a ${mark} sleep 900`;
      return [
        `( ${stay} ) & echo started`,
        `setsid bash -c '${stay}' & disown -a`,
        `nohup setsid bash -c '${stay}' > /dev/null 2>&1 &`,
        `( ( env -i setsid bash -c '${stay}' & ) & )`,
        `( trap '' TERM INT HUP; ${stay} ) & kill -STOP $!`,
        `perl -e 'fork and exit; use POSIX; POSIX::setsid(); fork and exit; $0 = "${mark}"; sleep 900' &`,
        `echo '* * * * * ${stay}' | crontab -; at now <<< '${stay}'; systemd-run --user sleep 900; systemctl --user start x`,
        `bash -c "trap '(${stay}) &' EXIT; true"; coproc { ${stay}; }`,
        "kill -9 -1; kill -9 1; pkill -9 node; pkill -9 bwrap; killall -9 node",
      ];
    },
  },
  {
    threat: "T47",
    what: "git that runs programs of the model",
    commands: ({ mark }) => {
      const run = `touch /tmp/${mark}; exec -a ${mark} sleep 900`;
      const set = (...pairs: [string, string][]): string =>
        pairs.map(([key, value]) => `git config ${key} "${value}"`).join("; ");
      return [
        set(
          ["core.fsmonitor", run],
          ["core.hooksPath", "/workspace/hooks"],
          ["core.sshCommand", run],
          ["core.pager", run],
        ),
        set(
          ["filter.evil.clean", run],
          ["filter.evil.smudge", run],
          ["filter.evil.process", run],
          ["diff.external", run],
        ),
        set(["merge.evil.driver", run], ["diff.evil.textconv", run], ["gpg.program", run], ["commit.gpgSign", "true"]),
        set(
          ["uploadpack.packObjectsHook", run],
          ["core.alternateRefsCommand", run],
          ["credential.helper", `!${run}`],
          ["core.editor", run],
        ),
        set(
          ["include.path", "/workspace/evil.config"],
          ["url.ext::sh.insteadOf", "https://"],
          ["protocol.ext.allow", "always"],
        ),
        `mkdir -p hooks .git/hooks && for h in pre-commit post-checkout post-index-change pre-push reference-transaction post-merge; do printf '#!/bin/sh\\n${run}\\n' | tee hooks/$h > .git/hooks/$h; done; rm -rf hooks`,
        "echo '* filter=evil diff=evil merge=evil ident eol=crlf working-tree-encoding=UTF-16' > .git/info/attributes",
        "mkdir -p nested && git -C nested init -q && git -C nested config core.fsmonitor 'touch /tmp/x'; rm -rf nested/.git/objects",
        "mkdir -p file && echo 'gitdir: /etc' > file/.git; git init -q --bare bare; rm -rf file bare nested",
        "echo 'gitdir: /tmp/elsewhere' > .git-file; mv .git /tmp/git-away; ln -s /etc .git; rm .git; mv /tmp/git-away .git; rm -f .git-file",
        "printf '[submodule \"s\"]\\n\\tpath = s\\n\\turl = ext::sh\\n\\tupdate = !sh\\n' > .gitmodules; git submodule update --init; rm -f .gitmodules",
        "git replace HEAD HEAD~0; git update-index --assume-unchanged slug.js; git update-index --skip-worktree slug.js; git config core.worktree /; git config --unset core.worktree",
        "echo /etc > .git/objects/info/alternates; rm -f .git/objects/info/alternates; git gc -q; git prune",
      ];
    },
  },
  {
    threat: "T41",
    what: "protected paths in all spellings",
    commands: ({ mark }) => [
      ...[
        ".github/workflows/evil.yml",
        ".GITHUB/workflows/evil.yml",
        ".github/workflows/ci.yml",
        ".github/CODEOWNERS",
        ".github/baton.yml",
        ".baton/issue-1/state.json",
        ".npmrc",
        ".yarnrc.yml",
        ".pnpmfile.cjs",
        "bunfig.toml",
        "pip.conf",
        ".cargo/config.toml",
        ".gitmodules",
        ".gitattributes",
        "CLAUDE.md",
        "AGENTS.md",
      ].map((path) => putBack(`mkdir -p "$(dirname ${path})"; echo '# ${mark}' > ${path}; rm -f ${path}`)),
      `mkdir -p .git\u200chub/workflows; echo x > .git\u200chub/workflows/${mark}.yml; rm -rf .git\u200chub`,
      putBack(`mv .github gh && ln -s gh .github && echo '# ${mark}' > .github/baton.yml; rm -rf .github gh`),
    ],
  },
  {
    threat: "T50",
    what: "programs that stand in for others",
    commands: ({ mark }) => [
      "mkdir -p ~/bin ~/.local/bin && printf '#!/bin/sh\\nexit 0\\n' | tee ~/bin/node ~/.local/bin/node ~/bin/git > /dev/null; chmod +x ~/bin/* ~/.local/bin/*; export PATH=$HOME/bin:$PATH",
      `printf 'touch /tmp/${mark}\\n' | tee ~/.bashrc ~/.profile ~/.bash_profile ~/.bash_login ~/.zshenv > /dev/null; echo 'export BASH_ENV=~/.bashrc' >> ~/.profile`,
      "echo 'script-shell=/bin/false' > ~/.npmrc; mkdir -p ~/.config/git ~/.config/pip; echo '[core] fsmonitor = false' > ~/.config/git/config; echo 'require(\"child_process\")' > ~/.node_repl_history",
      "ulimit -u unlimited; ulimit -f unlimited; ulimit -n 1000000; ulimit -c unlimited; ulimit -u",
    ],
  },
  {
    threat: "T46",
    what: "workflow commands and texts that act on GitHub",
    commands: () => [
      ...[
        "::set-output name=go::true",
        "::add-path::/tmp/evil",
        "::set-env name=PATH::/tmp/evil",
        "::save-state name=x::y",
        "::stop-commands::endtoken",
        "::error::evil",
        "::debug::evil",
        "::group::x",
        "##[add-path]/tmp/evil",
        "##vso[task.setvariable variable=x]y",
        "\r::add-mask::a",
        "\u001b[2K::warning::x",
      ].map((line) => `printf '%s\\n' '${line}'; printf '%s\\n' '${line}' >&2`),
      "echo '@everyone fixes #1 closes acme/app#1 /continue /stop <!-- baton:status --> ![x](http://evil.example/?q) <img src=x> [a](javascript:x)'",
    ],
  },
];
