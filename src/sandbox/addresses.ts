import { BlockList, isIP } from "node:net";

type Range = readonly [net: string, bits: number];

function createList(ipv4: readonly Range[], ipv6: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of ipv4) list.addSubnet(net, bits, "ipv4");
  for (const [net, bits] of ipv6) list.addSubnet(net, bits, "ipv6");
  return list;
}

/** Ranges that are somebody's inside: loopback, private, link-local (cloud metadata), shared, multicast, reserved. RFC 6890. */
const inner = createList(
  [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    // The host of a virtual machine on Azure, where GitHub's own runners are: Azure's docs, "What is IP address 168.63.129.16?".
    ["168.63.129.16", 32],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ],
  [
    ["::", 128],
    ["::1", 128],
    ["64:ff9b:1::", 48],
    ["100::", 64],
    // Teredo hides an IPv4 address in it. RFC 4380.
    ["2001::", 32],
    ["fc00::", 7],
    ["fe80::", 10],
    ["fec0::", 10],
    ["ff00::", 8],
  ],
);

/** This machine itself, and what its host tells only to it, such as credentials of a cloud. */
const own = createList(
  [
    ["0.0.0.0", 8],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["168.63.129.16", 32],
    ["100.100.100.200", 32],
    ["192.0.0.192", 32],
  ],
  [
    ["::", 127],
    ["fd00:ec2::", 32],
    ["fe80::", 10],
  ],
);

/** The four bytes in an IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4), or null. */
function carriedIpv4(address: string): string | null {
  const groups = expandIpv6(address);
  if (!groups) return null;
  const quad = (high: number, low: number): string => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  const zeros = (count: number): boolean => groups.slice(0, count).every((group) => group === 0);
  if (zeros(5) && groups[5] === 0xffff) return quad(groups[6]!, groups[7]!);
  if (zeros(6)) return quad(groups[6]!, groups[7]!);
  if (groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0))
    return quad(groups[6]!, groups[7]!);
  if (groups[0] === 0x2002) return quad(groups[1]!, groups[2]!);
  return null;
}

function expandIpv6(address: string): number[] | null {
  const plain = address.replace(/%.*$/, "");
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  const hex = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : plain;
  const [left = "", right] = hex.split("::");
  const read = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const head = read(left);
  const tail = right === undefined ? [] : read(right);
  const missing = 8 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 0) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function isIn(list: BlockList, address: string): boolean {
  const plain = address.replace(/%.*$/, "");
  const family = isIP(plain);
  if (family === 4) return list.check(plain, "ipv4");
  if (family !== 6) return true;
  const carried = carriedIpv4(plain);
  return list.check(plain, "ipv6") || (carried !== null && list.check(carried, "ipv4"));
}

/** Whether an IP address leads into a network that a proxy must not open: private, local, metadata, multicast, or unreadable. */
export function isInnerAddress(address: string): boolean {
  return isIn(inner, address);
}

/**
 * Whether an IP address is this machine or what only this machine may ask, such as its cloud's metadata. A name that the
 * policy allows may lead into a private network; here only the address itself, or `localhost`, may.
 */
export function isOwnAddress(address: string): boolean {
  return isIn(own, address);
}
