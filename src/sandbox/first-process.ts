import { findProgram } from "./host.ts";

/** Numbers of the system calls that Perl makes here (its own module for them takes longer to load than all else); Linux `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`. */
export interface BuildCalls {
  mount: number;
  umount: number;
  pivotRoot: number;
  setHostName: number;
  prctl: number;
  close: number;
  write: number;
  setSession: number;
  exitGroup: number;
}

const calls: Partial<Record<NodeJS.Architecture, BuildCalls>> = {
  x64: {
    mount: 165,
    umount: 166,
    pivotRoot: 155,
    setHostName: 170,
    ...{ prctl: 157, close: 3, write: 1, setSession: 112, exitGroup: 231 },
  },
  arm64: {
    mount: 40,
    umount: 39,
    pivotRoot: 41,
    setHostName: 161,
    ...{ prctl: 167, close: 57, write: 64, setSession: 157, exitGroup: 94 },
  },
};

/** The numbers of a processor, or null where they are not known here. */
function buildCalls(processor: NodeJS.Architecture): BuildCalls | null {
  return calls[processor] ?? null;
}

/**
 * Perl that builds the root in namespaces of its own, goes into it, and becomes the program that follows; whatever fails
 * ends it. Arguments: root, host name or nothing, letters (`n` there is a network namespace, `u` no more user namespaces
 * but one, `s` the root is sealed), directory to start in, plan (`planTable`), program.
 * MS_RDONLY 1, NOSUID 2, NODEV 4, NOEXEC 8, REMOUNT 32, BIND 4096, REC 16384: linux/mount.h; MNT_DETACH 2: linux/fs.h;
 * SIOCGIFFLAGS 0x8913 and SIOCSIFFLAGS 0x8914: linux/sockios.h.
 */
export const renderBuilder = ({ mount, umount, pivotRoot, setHostName }: BuildCalls): string => `use strict;
my ($root, $name, $letters, $start, $plan, @program) = @ARGV;
my $pid = readlink "/proc/self";
my $said = qq({"child-pid": $pid}\\n);
open my $status, ">&=", 3 or die "status: $!\\n"; syswrite $status, $said;
sub must { my ($what, $done) = @_; die "$what: $!\\n" unless $done }
sub attach { my ($from, $to, $type, $flags, $data) = @_; must "mount $to", syscall(${mount}, $from, $to, $type, $flags, $data) == 0 }
sub folder { my ($dir) = @_; return if -d $dir; folder($1) if $dir =~ m{^(.+)/[^/]+$}s; must "folder $dir", mkdir $dir, 0755 }
sub parent { my ($path) = @_; folder($1) if $path =~ m{^(.+)/[^/]+$}s }
umask 022;
attach("walls", $root, "tmpfs", 6, "size=4m,mode=755");
my (%own, @sealed);
for (split /\\n/, $plan) {
  my ($kind, $to, $from, $flags, $data) = map { s/%(..)/chr hex $1/ger } split / /, $_, -1;
  my $at = "$root$to";
  if ($kind eq "dir") { folder $at }
  elsif ($kind eq "link") { parent $at; must "link $at", symlink $from, $at }
  else {
    $own{$at} = 1;
    if ($kind eq "file") { parent $at; open my $made, ">>", $at or -e $at or die "file $at: $!\\n" } else { folder $at }
    if ($kind eq "new") { attach($from, $at, $from, $flags + 0, $data); next }
    attach($from, $at, 0, 4096 | 16384, 0);
    attach(0, $at, 0, 4096 | 32 | $flags, 0) if $flags;
    push @sealed, $at if $flags & 1;
  }
}
# What hangs below a folder that is shown read-only comes with it, writable.
open my $mounts, "<", "/proc/self/mountinfo" or die "mounts: $!\\n";
while (<$mounts>) {
  my (undef, undef, undef, undef, $at, $flags) = split / /;
  $at =~ s/\\\\(\\d{3})/chr oct $1/ge;
  next if $own{$at} || $flags =~ /^ro\\b/ || !grep { index($at, "$_/") == 0 } @sealed;
  attach(0, $at, 0, 4096 | 32 | 7 | ($flags =~ /noexec/ ? 8 : 0), 0);
}
if ($name ne "") { must "host name", syscall(${setHostName}, $name, length $name) == 0 }
if ($letters =~ /n/) {
  socket(my $s, 2, 2, 0) or die "socket: $!\\n";
  my $lo = pack("a16 s x22", "lo", 0);
  must "loopback", ioctl($s, 0x8913, $lo);
  $lo = pack("a16 s x22", "lo", 1 | unpack("x16 s", $lo));
  must "loopback", ioctl($s, 0x8914, $lo);
}
if ($letters =~ /u/) { open my $most, ">", "/proc/sys/user/max_user_namespaces" or die "namespaces: $!\\n"; syswrite $most, "1" or die "namespaces: $!\\n" }
my ($new, $old) = (".", ".old");
must "root", chdir $root; folder "$root/.old";
must "pivot_root", syscall(${pivotRoot}, $new, $old) == 0;
must "root", chdir "/";
($new, $old) = ("/", "/.old");
must "old root", syscall(${umount}, $old, 2) == 0; must "old root", rmdir $old;
attach(0, $new, 0, 4096 | 32 | 7, 0) if $letters =~ /s/;
must "directory $start", chdir $start;
%ENV = ();
$^F = 255; fcntl($status, 2, 0);
exec { $program[0] } @program or die "$program[0]: $!\\n";`;

/**
 * Perl that is the first process inside, and the only one that says how the command ended. It runs the program, buries whoever is left to it, and
 * ends with the program's code. Arguments: descriptor of a filter of system calls to put on (PR_SET_SECCOMP, 22, with
 * SECCOMP_MODE_FILTER) or "-"; letters (`p` it is private: nobody inside may look into it and write in its name, PR_SET_DUMPABLE, 4;
 * `d` it dies with what started it, PR_SET_PDEATHSIG, 1; `s` the program gets a session
 * of its own; `r` the code is also said on descriptor 3, which it gives to nobody); how many variables follow, those, the
 * program.
 */
const renderFirstProcess = ({
  prctl,
  close,
  write,
  setSession,
  exitGroup,
}: BuildCalls): string => `my ($from, $letters, $count, @program) = @ARGV;
%ENV = map { split /=/, $_, 2 } splice @program, 0, $count;
if ($letters =~ /p/) { syscall(${prctl}, 4, 0, 0, 0, 0) == 0 or die "dumpable: $!\\n" }
my $filter = "";
if ($from ne "-") { open my $in, "<&=", $from or die "filter: $!\\n"; binmode $in; local $/; $filter = <$in> // ""; length $filter or die "no filter\\n" }
syscall(${close}, $_) for 4, 5;
if ($letters =~ /d/) { syscall(${prctl}, 1, 9, 0, 0, 0) == 0 or die "death signal: $!\\n" }
if (length $filter) { my $list = pack("S x6 P", length($filter) / 8, $filter); syscall(${prctl}, 22, 2, $list, 0, 0) == 0 or die "filter: $!\\n" }
my $child = fork() // die "fork: $!\\n";
if (!$child) {
  syscall(${setSession}) if $letters =~ /s/;
  syscall(${close}, 3);
  { no warnings; exec { $program[0] } @program }
  syscall(${exitGroup}, 127);
}
syscall(${close}, $_) for 0, 1, 2;
for (;;) {
  my $ended = waitpid(-1, 0);
  next if $ended != $child && $ended > 0;
  my $code = $ended < 0 ? 255 : $? & 127 ? 128 + ($? & 127) : $? >> 8;
  my $said = qq({"exit-code": $code}\\n);
  syscall(${write}, 3, $said, length $said) if $letters =~ /r/;
  syscall(${exitGroup}, $code);
}`;

/** Perl and the numbers of this processor: what the first process is made of. */
export interface FirstProcess {
  perl: string;
  calls: BuildCalls;
}

/** The first process of this host, or null without Perl or on a processor that is not known here. */
export function findFirstProcess(): FirstProcess | null {
  const perl = findProgram("perl");
  const numbers = buildCalls(process.arch);
  return perl && numbers ? { perl, calls: numbers } : null;
}

/** The arguments that start it; the program follows. */
export function firstProcessArgs(
  { perl, calls: numbers }: FirstProcess,
  how: { filterFd: number | null; letters: string; env: readonly string[] },
): string[] {
  const { filterFd, letters, env } = how;
  return [perl, "-e", renderFirstProcess(numbers), String(filterFd ?? "-"), letters, String(env.length), ...env];
}
