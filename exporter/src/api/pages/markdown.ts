import type { Html} from '../../lib/html.ts';
import { html } from '../../lib/html.ts';

/**
 * Renders the part of Markdown that runbooks use: headings, paragraphs, lists, fenced code, tables, emphasis and code.
 * Links lead to other runbooks only; any other link is shown with its address as text. Markup in the text is text.
 */
export function markdown(text: string): Html {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const blocks: Html[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, next] = readBlock(lines, at);
    if (block !== null) blocks.push(block);
    at = next;
  }
  return html`${blocks}`;
}

type Read = [Html | null, number];
const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,3})[.)])\s+(.*)$/;
const ROW = /^\s*\|.*\|\s*$/;

function readBlock(lines: readonly string[], at: number): Read {
  const line = lines[at] ?? '';
  if (line.trim() === '') return [null, at + 1];
  const heading = HEADING.exec(line);
  if (heading) return [headingOf(heading[1]?.length ?? 1, heading[2] ?? ''), at + 1];
  if (FENCE.test(line)) return readFence(lines, at);
  if (ITEM.test(line)) return readList(lines, at);
  if (ROW.test(line) && /^[\s|:-]+$/.test(lines[at + 1] ?? '')) return readTable(lines, at);
  let end = at;
  while (end < lines.length && isText(lines[end] ?? '', end > at)) end += 1;
  return [html`<p>${inline(lines.slice(at, end).join(' ').trim())}</p>`, Math.max(end, at + 1)];
}

function isText(line: string, later: boolean): boolean {
  return line.trim() !== '' && !(later && (HEADING.test(line) || FENCE.test(line) || ITEM.test(line)));
}

function headingOf(level: number, text: string): Html {
  if (level === 1) return html`<h1>${inline(text)}</h1>`;
  return level === 2 ? html`<h2>${inline(text)}</h2>` : html`<h3>${inline(text)}</h3>`;
}

function readFence(lines: readonly string[], at: number): Read {
  let end = at + 1;
  while (end < lines.length && !FENCE.test(lines[end] ?? '')) end += 1;
  return [html`<pre><code>${lines.slice(at + 1, end).join('\n')}</code></pre>`, end + 1];
}

function readList(lines: readonly string[], at: number): Read {
  const items: string[] = [];
  const ordered = ITEM.exec(lines[at] ?? '')?.[1] !== undefined;
  let end = at;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? '';
    const item = ITEM.exec(line);
    if (item) items.push(item[2] ?? '');
    // An indented line continues its item.
    else if (/^\s{2,}\S/.test(line) && items.length > 0) items[items.length - 1] += ` ${line.trim()}`;
    else break;
  }
  const body = items.map((item) => html`<li>${inline(item)}</li>`);
  return [ordered ? html`<ol>${body}</ol>` : html`<ul>${body}</ul>`, end];
}

function readTable(lines: readonly string[], at: number): Read {
  const cells = (line: string): string[] => line.trim().slice(1, -1).split('|').map((cell) => cell.trim());
  let end = at + 2;
  while (end < lines.length && ROW.test(lines[end] ?? '')) end += 1;
  const head = cells(lines[at] ?? '').map((cell) => html`<th scope="col">${inline(cell)}</th>`);
  const rows = lines.slice(at + 2, end).map((line) => html`<tr>${cells(line).map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`);
  return [html`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`, end];
}

const INLINE = /`([^`]{1,500})`|\[([^\]]{1,300})\]\(([^()\s]{1,500})\)|\*\*([^*]{1,500})\*\*|(?<![\w*])[*_]([^*_]{1,500})[*_](?![\w*])/g;

function inline(text: string): Html {
  const out: (Html | string)[] = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    out.push(text.slice(from, found.index));
    const [whole, code, label, target, strong, soft] = found;
    if (code !== undefined) out.push(html`<code>${code}</code>`);
    else if (label !== undefined) out.push(linkOf(label, target ?? ''));
    else if (strong !== undefined) out.push(html`<strong>${strong}</strong>`);
    else out.push(html`<em>${soft ?? ''}</em>`);
    from = found.index + whole.length;
  }
  out.push(text.slice(from));
  return html`${out}`;
}

function linkOf(label: string, target: string): Html {
  const runbook = /^\.\.\/([a-z0-9-]{1,64})\/(?:README\.md)?$/.exec(target) ?? /^\/runbooks\/([a-z0-9-]{1,64})$/.exec(target)
    ?? /^(?:\.\/)?([a-z0-9-]{1,64})\.md$/.exec(target);
  return runbook ? html`<a href="/runbooks/${runbook[1]}">${label}</a>` : html`${label} (${target})`;
}
