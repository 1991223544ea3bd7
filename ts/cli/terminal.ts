/** Tables, small plots and a progress bar for people. Everything here is plain text that survives a pipe. */

/** Rows under a header, columns aligned; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const numeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const lines = cells.map((row) => {
    const padded = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return numeric[column] ? cell.padStart(width) : cell.padEnd(width);
    });
    return padded.join('  ').trimEnd();
  });
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.join('\n');
}

/** One bar per row; `share` from 0 to 1. */
export function bars(rows: readonly { label: string; share: number; note: string }[], width = 30): string {
  const labelWidth = Math.max(0, ...rows.map((row) => row.label.length));
  return rows
    .map(({ label, share, note }) => {
      const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
      return `${label.padEnd(labelWidth)}  ${'█'.repeat(filled)}${'░'.repeat(width - filled)}  ${note}`;
    })
    .join('\n');
}

/** Points in a frame: x to the right, y up, the chosen one as `●`, the others as `·`. */
export function scatter(
  points: readonly { x: number; y: number; chosen: boolean }[],
  {
    xLabel,
    yLabel,
    columns = 60,
    rows = 12,
  }: { xLabel: string; yLabel: string; columns?: number; rows?: number },
): string {
  if (points.length === 0) return '';
  const [xMin, xMax] = extent(points.map((point) => point.x));
  const [yMin, yMax] = extent(points.map((point) => point.y));
  const grid = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));
  const place = (value: number, min: number, max: number, cells: number): number =>
    max === min ? 0 : Math.round(((value - min) / (max - min)) * (cells - 1));
  for (const point of [...points].sort((a, b) => Number(a.chosen) - Number(b.chosen))) {
    const line = grid[rows - 1 - place(point.y, yMin, yMax, rows)];
    if (line) line[place(point.x, xMin, xMax, columns)] = point.chosen ? '●' : '·';
  }
  const frame = grid.map((line) => `│${line.join('').trimEnd()}`);
  const axis = `└${'─'.repeat(columns)}`;
  const range = (min: number, max: number): string => `${short(min)} … ${short(max)}`;
  return [`${yLabel} ${range(yMin, yMax)}`, ...frame, axis, `${xLabel} ${range(xMin, xMax)}`].join('\n');
}

function extent(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/** A number with four significant digits. */
export function short(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** Basis points as a percentage. */
export function percent(basisPoints: number): string {
  return `${short(basisPoints / 100)} %`;
}

/**
 * A bar on stderr for work that takes over a second; nothing for shorter work, and nothing but lines in a
 * pipe.
 */
export function progressBar(label: string): { update(done: number, total: number): void; end(): void } {
  const started = Date.now();
  const live = process.stderr.isTTY;
  let shown = false;
  let lastLine = started;
  return {
    update(done, total) {
      const now = Date.now();
      if (now - started < 1000) return;
      const share = total > 0 ? done / total : 0;
      if (live) {
        const filled = Math.round(share * 30);
        const bar = '█'.repeat(filled) + '░'.repeat(30 - filled);
        process.stderr.write(`\r\x1b[2K${label} ${bar} ${Math.round(share * 100)} %`);
        shown = true;
      } else if (now - lastLine >= 5000) {
        process.stderr.write(`${label} ${Math.round(share * 100)} %\n`);
        lastLine = now;
      }
    },
    end() {
      if (shown) process.stderr.write('\r\x1b[2K');
    },
  };
}
