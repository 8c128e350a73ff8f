/** Numbers of system calls on one kind of processor. Sources: Linux `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`. */
interface CallTable {
  /** `AUDIT_ARCH_*` of linux/audit.h. */
  arch: number;
  numbers: Readonly<Record<CallName, number>>;
}

type CallName = (typeof refused)[number] | (typeof absent)[number] | "socket" | "clone" | "unshare" | "prlimit64";

/**
 * What no namespace keeps apart: kernel keyrings (a process inherits those of the session it was started in), the kernel's log, doors to
 * the kernel that ordinary programs do not need and that mistakes of the kernel were most often found behind.
 */
const refused = [
  ...(["add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd", "syslog"] as const),
  ...(["mount", "umount2", "pivot_root", "setns", "open_tree", "move_mount", "fsopen", "fsmount"] as const),
] as const;

/** Refused as if this kernel were too old for them, so that programs take their other way. */
const absent = ["clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"] as const;

/** UNIX, IPv4, IPv6; all others, such as VSOCK, which leads to the machine's own host, are not kept apart by a network namespace. */
const socketFamilies = [1, 2, 10];
/** Netlink, of which only ROUTE (0) is needed, to look up one's own addresses; the others are doors to rare parts of the kernel. */
const netlink = { family: 16, route: 0 };

/** Every `CLONE_NEW*` of linux/sched.h but the one for time, which shares its bit with the signal number of `clone`. */
const newNamespaces = 0x7e020000;

const newer = { open_tree: 428, move_mount: 429, fsopen: 430, fsmount: 432, clone3: 435 };
const rings = { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 };

const tables: Partial<Record<NodeJS.Architecture, CallTable>> = {
  x64: {
    arch: 0xc000003e,
    numbers: {
      ...{ add_key: 248, request_key: 249, keyctl: 250, bpf: 321, perf_event_open: 298, userfaultfd: 323, syslog: 103 },
      ...{ mount: 165, umount2: 166, pivot_root: 155, setns: 308, socket: 41, clone: 56, unshare: 272, prlimit64: 302 },
      ...newer,
      ...rings,
    },
  },
  arm64: {
    arch: 0xc00000b7,
    numbers: {
      ...{ add_key: 217, request_key: 218, keyctl: 219, bpf: 280, perf_event_open: 241, userfaultfd: 282, syslog: 116 },
      ...{ mount: 40, umount2: 39, pivot_root: 41, setns: 268, socket: 198, clone: 220, unshare: 97, prlimit64: 261 },
      ...newer,
      ...rings,
    },
  },
};

/** The few instructions of classic BPF that are needed; linux/bpf_common.h. */
const load = 0x20;
const jumpIfEqual = 0x15;
const jumpIfAnyBit = 0x45;
const giveBack = 0x06;

const allow = 0x7fff0000;
const refuseWith = (errno: number): number => 0x00050000 | errno;
const eperm = refuseWith(1);
const enosys = refuseWith(38);
const eafnosupport = refuseWith(97);
const eprotonosupport = refuseWith(93);

/** Where `struct seccomp_data` has them; the low half of an argument on little-endian machines. */
const offset = { number: 0, arch: 4, firstArgument: 16, thirdArgument: 32 };

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** Does the steps when the accumulator equals the value; they must end with a `giveBack`. */
const whenEqual = (value: number, ...then: Instruction[]): Instruction[] => [
  [jumpIfEqual, 0, then.length, value],
  ...then,
];
const end = (value: number): Instruction => [giveBack, 0, 0, value];
const firstArgument: Instruction = [load, 0, 0, offset.firstArgument];
const withoutNamespaces: Instruction[] = [firstArgument, [jumpIfAnyBit, 0, 1, newNamespaces], end(eperm), end(allow)];

function planFilter({ arch, numbers }: CallTable): Instruction[] {
  return [
    [load, 0, 0, offset.arch],
    // Calls of another kind of processor (32-bit programs) have other numbers, and none of them is looked at.
    [jumpIfEqual, 1, 0, arch],
    end(enosys),
    [load, 0, 0, offset.number],
    // x32 calls on x86-64 carry this bit; no number of arm64 reaches it.
    [jumpIfAnyBit, 0, 1, 0x40000000],
    end(enosys),
    ...refused.flatMap((name) => whenEqual(numbers[name], end(eperm))),
    ...absent.flatMap((name) => whenEqual(numbers[name], end(enosys))),
    ...whenEqual(
      numbers.socket,
      firstArgument,
      ...socketFamilies.flatMap((family) => whenEqual(family, end(allow))),
      ...whenEqual(
        netlink.family,
        [load, 0, 0, offset.thirdArgument],
        ...whenEqual(netlink.route, end(allow)),
        end(eprotonosupport),
      ),
      end(eafnosupport),
    ),
    // limits of another process: one of no time at all would kill the first one, and all with it
    ...whenEqual(numbers.prlimit64, firstArgument, ...whenEqual(0, end(allow)), end(eperm)),
    ...whenEqual(numbers.clone, ...withoutNamespaces),
    ...whenEqual(numbers.unshare, ...withoutNamespaces),
    end(allow),
  ];
}

/** The filter for `bwrap --seccomp` on this processor, or null on one whose numbers are not known here. */
export function renderCallFilter(processor: NodeJS.Architecture): Buffer | null {
  const table = tables[processor];
  if (!table) return null;
  const instructions = planFilter(table);
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
