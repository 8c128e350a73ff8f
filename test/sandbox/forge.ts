/** Numbers of system calls that look into another process, by processor; pidfd_open is 434 and pidfd_getfd 438 everywhere. */
const numbers: Partial<Record<string, { ptrace: number; readMemory: number; compare: number; limits: number }>> = {
  x64: { ptrace: 101, readMemory: 310, compare: 312, limits: 302 },
  arm64: { ptrace: 117, readMemory: 270, compare: 272, limits: 261 },
};
const { ptrace, readMemory, compare, limits } = numbers[process.arch] ?? numbers.x64!;

/**
 * Every way in which a command may try to speak for the first process of its namespace: each that gets through says so. Whoever
 * holds one of its descriptors writes success to it, as bubblewrap's own first process and as ours would say it.
 */
export const forgery = `cat > /tmp/forge.pl <<'END'
$| = 1; $SIG{PIPE} = "IGNORE";
my $say = sub { print "$_[0] got through\\n" };
my $held = syscall(434, 1, 0);
for my $fd (0..20) {
  my $copy = syscall(438, $held, $fd, 0); next if $copy < 0;
  $say->("pidfd_getfd $fd");
  for my $said (pack("Q", 1), qq({"exit-code": 0}\\n)) { my $text = $said; syscall(${process.arch === "arm64" ? 64 : 1}, $copy, $text, length $text) }
}
for my $how (16, 0x4206) { $say->("ptrace $how") if syscall(${ptrace}, $how, 1, 0, 0) == 0 }
my $room = "x" x 64; my $here = pack "P Q", $room, 64; my $there = pack "Q Q", 0x400000, 64;
$say->("process_vm_$_") for grep { syscall(${readMemory} + $_, 1, $here, 1, $there, 1, 0) >= 0 || $!{EFAULT} } 0, 1;
$say->("kcmp") if syscall(${compare}, 1, $$, 2, 0, 0) >= 0;
for my $file (qw(mem environ maps auxv syscall stack oom_score_adj)) {
  $say->("read $file") if open my $in, "<", "/proc/1/$file" and defined readline $in;
  $say->("write $file") if open my $out, "+<", "/proc/1/$file" and syswrite $out, "0";
}
for my $fd (0..20) { $say->("write fd $fd") if open my $out, ">", "/proc/1/fd/$fd" and syswrite $out, pack("Q", 1) }
$say->("look at $_") for grep { readlink "/proc/1/$_" or opendir my $in, "/proc/1/$_" } qw(fd exe cwd root map_files ns/pid);
my $cpu = pack "QQ", 0, 0; $say->("prlimit") if syscall(${limits}, 1, 0, $cpu, 0) == 0;
kill $_, 1 for qw(STOP INT TERM HUP CHLD PIPE USR1 KILL);
END
perl -MErrno /tmp/forge.pl; rm /tmp/forge.pl`;
