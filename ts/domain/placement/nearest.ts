/** The name that was meant, for a hint in a refusal. */

/** Single characters to insert, delete or replace so that one text becomes the other. */
export function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + Number(a[row - 1] !== b[column - 1]);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}

/** The nearest of `known` at most `most` edits away, whatever the case; null where none is. */
export function nearest(name: string, known: Iterable<string>, most: number): string | null {
  const wanted = name.toLowerCase();
  let found: string | null = null;
  let best = most + 1;
  for (const candidate of known) {
    // Most names differ too much in length to be worth comparing.
    if (Math.abs(candidate.length - name.length) >= best) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < best) [found, best] = [candidate, distance];
  }
  return found;
}
