import { readFileSync } from 'node:fs';
import type { Owner, Problem } from '@remit/contract';
import { Document, isMap, isSeq, parseDocument, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { readInventory } from '../app.ts';
import { loadInventory } from '../inventory/load.ts';
import { parseFile } from '../inventory/parse.ts';
import { EXIT, fail, printProblems, UsageError } from './output.ts';

export interface RoutesOptions { inventory?: string; inventoryPath?: string; full?: boolean; fallback?: string; slackUrlFile: string; smtpSmarthost: string; smtpFrom: string }

const SHIPPED = new URL('../../../provisioning/alertmanager/alertmanager.yml', import.meta.url);
const FORM = { lineWidth: 0, flowCollectionPadding: false };
const TITLE = '{{ template "remit.title" . }}';
const TEXT = '{{ template "remit.text" . }}';

/** Receiver of whatever no team takes. */
const FALLBACK = 'remit';

/**
 * `remit routes`: Alertmanager's routes and receivers for the owners of an inventory. Pages go to contact and escalation, tickets to
 * the contact; whom neither reaches, and what nobody owns, the fallback takes. Exit code 1 when the inventory has no owners or somebody's
 * pages would reach nobody; an address that Alertmanager cannot reach is a warning with its place.
 */
export async function routes(options: RoutesOptions): Promise<void> {
  const path = options.inventory ?? options.inventoryPath;
  if (path === undefined) throw new UsageError('no inventory named', 'remit routes --inventory DIR');
  const read = await readInventory(path);
  const { inventory, problems } = loadInventory(read.files, { importedAt: Date.now() });
  const errors = [...read.problems, ...problems].filter(({ severity }) => severity === 'error');
  if (inventory === null || errors.length > 0) return fail(errors);
  const owners = [...inventory.owners()].sort((a, b) => (a.team < b.team ? -1 : 1));
  if (owners.length === 0) {
    process.stderr.write(`${path}: no owners are declared\n  → add owners: [{ team: payments, contact: "#payments" }]\n`);
    process.exitCode = EXIT.negative;
    return;
  }
  const unreachable: Unreachable[] = [];
  const fallback = fallbackOf(owners, options);
  const parts = partsOf(owners, options, unreachable, fallback);
  printProblems(unreachable.map((one) => problemOf(one, read.files)).sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column)));
  process.stdout.write(options.full === true ? whole(readFileSync(SHIPPED, 'utf8'), parts, path) : fragment(parts, path));
  if (fallback !== null || (parts.handed.size === 0 && options.full !== true)) return;
  const teams = [...parts.handed].map((team) => `alerts of ${team}`);
  process.stderr.write(`${[...teams, 'what nobody owns', 'what Remit says of itself'].join(', ')}: nobody would be told\n  → name who is: --fallback "#oncall", or any other address; ${FORMS}\n`);
  process.exitCode = EXIT.negative;
}

/** Who is told of what no team takes; null when nobody is named. */
function fallbackOf(owners: readonly Owner[], options: RoutesOptions): Integration | null {
  if (options.fallback === undefined) return null;
  const found = integrationOf((owners.find(({ team }) => team === options.fallback)?.contact ?? options.fallback).trim(), options);
  if (Array.isArray(found)) return found;
  throw new UsageError(`the fallback ${JSON.stringify(options.fallback)} ${found.why}`, found.hint ?? FORMS);
}

type Integration = [kind: string, config: Record<string, unknown>];
interface Route { matchers: string[]; receiver: string; repeat_interval?: string }
interface Receiver { name: string; [integration: string]: unknown }
/** `handed`: teams of which something goes to the fallback. */
interface Parts { global: Record<string, string>; routes: Route[]; receivers: Receiver[]; handed: Set<string>; fallback: Receiver | null }
interface Unreachable { team: string; field: 'contact' | 'escalation'; why: string; hint: string }

function partsOf(owners: readonly Owner[], options: RoutesOptions, unreachable: Unreachable[], fallback: Integration | null): Parts {
  const parts: Parts = { global: {}, routes: [], receivers: [], handed: new Set(), fallback: fallback && receiverOf(FALLBACK, [fallback]) };
  for (const owner of owners) {
    const reach = (field: 'contact' | 'escalation'): Integration | null => {
      const written = owner[field];
      if (written === undefined) {
        if (field === 'contact') unreachable.push({ team: owner.team, field, why: `the team ${owner.team} has no contact`, hint: FORMS });
        return null;
      }
      // Another team may be named: then its contact is meant.
      const found = integrationOf((owners.find(({ team }) => team === written)?.contact ?? written).trim(), options);
      if (Array.isArray(found)) return found;
      unreachable.push({ team: owner.team, field, why: `the ${field} of ${owner.team} ${found.why}`, hint: found.hint ?? FORMS });
      return null;
    };
    const contact = reach('contact');
    const escalation = reach('escalation');
    const who = `identity_owner="${owner.team}"`;
    for (const [severity, name, all, often] of [['critical', `${owner.team}-pages`, [contact, escalation], { repeat_interval: '12h' }], ['warning', `${owner.team}-tickets`, [contact], {}]] as const) {
      const ways = all.filter((way) => way !== null);
      parts.routes.push({ matchers: [`severity="${severity}"`, who], receiver: ways.length > 0 ? name : FALLBACK, ...often });
      if (ways.length > 0) parts.receivers.push(receiverOf(name, ways));
      else parts.handed.add(owner.team);
    }
  }
  if ([...parts.receivers, parts.fallback].some((receiver) => receiver !== null && 'email_configs' in receiver)) parts.global = { smtp_smarthost: options.smtpSmarthost, smtp_from: options.smtpFrom };
  return parts;
}

function receiverOf(name: string, ways: readonly Integration[]): Receiver {
  const receiver: Receiver = { name };
  for (const [kind, config] of ways) {
    const known = (receiver[kind] ??= []) as object[];
    if (!known.some((one) => JSON.stringify(one) === JSON.stringify(config))) known.push(config);
  }
  return receiver;
}

const FORMS = 'write mailto:team@example.org, "#channel", https://…, pagerduty:/path/to/key, opsgenie:/path/to/key or another team';

/** The integration that reaches an address. Keys and Slack addresses are secrets: they stay in files. */
function integrationOf(address: string, { slackUrlFile }: RoutesOptions): Integration | { why: string; hint?: string } {
  if (address.includes('{{')) return { why: 'holds a template' };
  const mail = /^(?:mailto:)?([^\s@,<>:]+@[^\s@,<>]+)$/.exec(address);
  if (mail) return ['email_configs', { to: mail[1], headers: { Subject: TITLE }, text: TEXT, html: '', send_resolved: true }];
  const channel = /^(?:slack:)?([#@][^\s]+)$/.exec(address);
  if (channel) return ['slack_configs', { api_url_file: slackUrlFile, channel: channel[1], send_resolved: true, title: TITLE, text: TEXT }];
  const key = /^(pagerduty|opsgenie):(\/\S+)$/.exec(address);
  if (key?.[1] === 'pagerduty') return ['pagerduty_configs', { routing_key_file: key[2], description: TITLE, severity: `{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}`, class: '{{ .GroupLabels.alertname }}', client: 'Remit', details: { text: TEXT } }];
  if (key) return ['opsgenie_configs', { api_key_file: key[2], message: TITLE, description: TEXT, priority: `{{ if eq .CommonLabels.severity "critical" }}P1{{ else }}P3{{ end }}`, entity: '{{ .CommonLabels.identity }}' }];
  if (/^https?:\/\//.test(address) && URL.canParse(address)) {
    if (new URL(address).hostname === 'hooks.slack.com') {
      return { why: 'is the secret address of a Slack app', hint: 'name the channel instead, and keep the address in a file: --slack.url-file' };
    }
    return ['webhook_configs', { url: address, send_resolved: true }];
  }
  return { why: 'is no address that Alertmanager can reach' };
}

/** The place where the owner is written. */
function problemOf({ team, field, why, hint }: Unreachable, files: Readonly<Record<string, string>>): Problem {
  for (const [file, text] of Object.entries(files)) {
    const parsed = parseFile(file, text);
    if ('problems' in parsed) continue;
    const { owners } = (parsed.value ?? {}) as { owners?: { team: string }[] };
    const at = owners?.findIndex((owner) => owner.team === team) ?? -1;
    if (at >= 0) return { file, ...parsed.place(['owners', at, field]), severity: 'warning', message: why, hint };
  }
  return { file: '', line: 1, column: 1, severity: 'warning', message: why, hint };
}

function fragment(parts: Parts, path: string): string {
  const document = new Document({
    ...Object.keys(parts.global).length > 0 ? { global: parts.global } : {}, route: { routes: parts.routes }, receivers: [...parts.fallback ? [parts.fallback] : [], ...parts.receivers],
  }, { aliasDuplicateObjects: false });
  document.commentBefore = [
    ` Routes and receivers for the owners in ${path.replaceAll(/[^\x20-\x7e]/g, '?')}, made by \`remit routes\`.`,
    ' Put them into provisioning/alertmanager/alertmanager.yml in place of the pair of routes and receivers of its example team, the routes',
    ' before "Pages of the others"; or let `remit routes --full` do it.',
    ...parts.fallback ? [` The receiver "${FALLBACK}" takes the place of the one of that name.`] : [],
  ].join('\n');
  dress(document, parts);
  return document.toString(FORM);
}

/** The shipped configuration with these owners instead of its example team. */
function whole(shipped: string, parts: Parts, path: string): string {
  const document = parseDocument(shipped);
  const routeSeq = document.getIn(['route', 'routes'], true) as YAMLSeq<YAMLMap>;
  const receivers = document.get('receivers', true) as unknown as YAMLSeq<YAMLMap>;
  const own = (route: YAMLMap): boolean => (route.toJSON() as Partial<Route>).matchers?.some((matcher) => matcher.startsWith('identity_owner=')) ?? false;
  const first = routeSeq.items.findIndex(own);
  const example = new Set(routeSeq.items.filter(own).map((route) => route.get('receiver')));
  routeSeq.items = routeSeq.items.filter((route) => !own(route));
  const made = parts.routes.map((route) => document.createNode(route) as YAMLMap);
  made[0]!.commentBefore = ` The owners in ${path.replaceAll(/[^\x20-\x7e]/g, '?')}: pages and tickets.`;
  routeSeq.items.splice(first, 0, ...made);
  const given = (name: unknown): Receiver | null => (name === FALLBACK ? parts.fallback : null);
  receivers.items = [...receivers.items.filter((receiver) => !example.has(receiver.get('name'))).map((receiver) => (given(receiver.get('name')) ? document.createNode(given(receiver.get('name')), { aliasDuplicateObjects: false }) as YAMLMap : receiver)), ...parts.receivers.map((receiver) => document.createNode(receiver, { aliasDuplicateObjects: false }) as YAMLMap)];
  if (Object.keys(parts.global).length > 0) (document.contents as YAMLMap).items.unshift(document.createPair('global', parts.global) as never);
  dress(document, parts);
  return document.toString(FORM);
}

/** Matchers on one line, and a word where something goes to the fallback, or would reach nobody. */
function dress(document: Document, { handed, fallback }: Parts): void {
  const routeSeq = document.getIn(['route', 'routes'], true);
  const receivers = document.get('receivers', true) as Node | undefined;
  for (const route of isSeq(routeSeq) ? routeSeq.items : []) {
    const matchers = isMap(route) ? route.get('matchers', true) : null;
    if (isSeq(matchers)) matchers.flow = true;
    const team = isMap(route) && route.get('receiver') === FALLBACK ? [...handed].find((name) => JSON.stringify(route.toJSON()).includes(JSON.stringify(`identity_owner="${name}"`).slice(1, -1))) : undefined;
    if (isMap(route) && team !== undefined) route.comment = ` No address of ${team} reaches anybody: the fallback is told.`;
  }
  for (const receiver of isSeq(receivers) ? receivers.items : []) {
    if (isMap(receiver) && receiver.get('name') === FALLBACK && fallback === null) receiver.commentBefore = ' Reaches nobody yet: `remit routes --fallback ADDRESS` names who is told of what no team takes.';
  }
}
