/** Where things are inside the walls, whatever the host calls them. */
export const places = {
  workspace: "/workspace",
  home: "/home/baton",
  outputs: "/outputs",
  tmp: "/tmp",
  /** The command of one run, as a file: task text is never in an argument list. */
  command: "/run/command",
  /** Certificates that the host's clients trust, where the host names a bundle of its own. */
  certificates: "/etc/baton-certificates.pem",
  /** Baton's own helper: file tools and the TCP forwarder. */
  helper: "/opt/baton",
  /** Directory of the proxy's socket, only where network is allowed. */
  proxy: "/run/proxy",
} as const;

/** Whether a path is a directory or lies below it. */
export const isWithin = (path: string, dir: string): boolean => path === dir || path.startsWith(`${dir}/`);

/** TCP port of the forwarder inside; each command has a loopback of its own. */
export const proxyPort = 3_128;

/** Everybody inside is this user: never root. */
export const insideUid = 65_534;

/** The user outside when Baton itself runs as root: without name, files or rights on any ordinary host. */
export const outsideUid = 48_734;
