/** Longest texts that are compared line by line, in lines. */
const COMPARED = 3000;
const CONTEXT = 1;

/**
 * What changed between two texts, as lines with `-`, `+` or a space before them, and `…` where unchanged lines are left out.
 * Empty when nothing changed.
 */
export function lineDiff(before: string, after: string): string[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  if (head === a.length && head === b.length) return [];
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const lines = [
    ...a.slice(0, head).map((line) => ` ${line}`),
    ...changed(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map((line) => ` ${line}`),
  ];
  return shortened(lines);
}

/** The longest common subsequence, by its usual table. */
function changed(a: readonly string[], b: readonly string[]): string[] {
  if (a.length > COMPARED || b.length > COMPARED) return [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: string[] = [];
  let j = 0;
  for (let i = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i]!}`);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) lines.push(`-${a[i++]!}`);
    else lines.push(`+${b[j++]!}`);
  }
  return lines;
}

function shortened(lines: readonly string[]): string[] {
  const shown = lines.map((_, i) => lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some((line) => !line.startsWith(' ')));
  return lines.flatMap((line, i) => (shown[i] ? [line] : shown[i - 1] || i === 0 ? ['…'] : []));
}
