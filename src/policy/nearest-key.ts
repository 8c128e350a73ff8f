/** The allowed key that a misspelt one most likely means (at most three edits, and half the shorter one's length, away), or null. */
export function nearestKey(found: string, allowed: readonly string[]): string | null {
  const lower = found.toLowerCase();
  const ranked = allowed
    .map((key) => ({ key, distance: editDistance(lower, key) }))
    .sort((a, b) => a.distance - b.distance || (a.key < b.key ? -1 : 1));
  const best = ranked[0];
  return best && best.distance <= Math.min(3, Math.ceil(Math.min(lower.length, best.key.length) / 2)) ? best.key : null;
}

/** Letters put in, left out, replaced, or changed places with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isTurned = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const turned = isTurned ? (before[j - 2] ?? 0) + 1 : swap;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap, turned));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
