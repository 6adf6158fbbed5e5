import type { DataClass, Detector, NhiEvent, PurposeRemit, Remit, View } from '@remit/contract';
import { DATA_CLASSES } from '@remit/contract';
import { access, attack, bounded, coveredBy, DAY, day, nist, outcome, owasp, permission, tenet } from '../phrases.ts';

/**
 * An action that no pattern of the declared `actions[]` allows, a tool that `tools[]` denies or does not list, an allowed action on a
 * target outside `resources[]`, or on data of a class outside `data_classes_allowed[]`. A purpose named by the run narrows actions
 * and tools. One finding per identity, permission and UTC day; attempts that were refused or failed are one for all time, at most a
 * ticket, and so is a tool that needs an approval. Each list speaks only where it is declared.
 */
export const detector: Detector = {
  id: 'off-purpose-action',
  title: 'Machine identity did something it was not approved to do',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'event',
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    tenet(4),
  ],
  needs: ['principal', 'action', 'privilege'],
  judges: ['actions', 'tools', 'resources', 'data_classes_allowed'],
  summary: '{identity} used a permission or a tool, or touched a target, outside what {owner} approved',
  firstAction: 'Look whether a release explains the new action; if none does, take the permission away and rotate the credential',
  benign: [
    'A new release that needs one more permission or tool', 'A library that changed which call it makes for the same work',
    'A person using the machine credential to look something up',
  ],
  quietFor: DAY,
  inspect(event, view) {
    const { remit } = view;
    if (remit === null) return [];
    const purpose = event.purpose_uid === undefined ? null : remit.purpose(event.purpose_uid);
    const departure = (event.tool === undefined ? null : foreignTool(event, remit, purpose))
      ?? foreignAction(event, remit, purpose) ?? foreignTarget(event, remit) ?? foreignData(event, remit, view);
    if (departure === null) return [];
    const became = outcome(event);
    return [{
      subject: departure.subject, bucket: coveredBy(became, day(event.time)),
      reason: { expected: departure.expected, observed: `${departure.observed} (${accessTo(event, remit)}, ${became})` },
      evidence: [view.ref(event)], at: event.time, ...(departure.targets === undefined ? {} : { scope: { resources: departure.targets } }),
      ...(became === 'success' && departure.approvable !== true ? {} : { severity: 'warning' as const }),
    }];
  },
};

/** `approvable`: a person may have approved it where no record shows it. `targets`: which of the event's it is about; all when absent. */
interface Departure { subject: string; expected: string; observed: string; approvable?: boolean; targets?: string[] }

function foreignTool(event: NhiEvent, remit: Remit, purpose: PurposeRemit | null): Departure | null {
  const call = { name: event.tool!.name, server: event.tool!.server };
  const verdict = (purpose ?? remit).tool(call).verdict;
  if (verdict === 'allowed' || verdict === 'undeclared') return null;
  const used = bounded(permission(event), 256);
  const tool = `used tool ${bounded(call.server === undefined ? call.name : `${call.server}/${call.name}`, 140)}`;
  if (verdict === 'denied') return { subject: used, expected: 'this tool never to be used, as tools says', observed: tool };
  if (verdict === 'approval') {
    return { subject: used, expected: 'an approval for this tool, shown by an exception in force', observed: tool, approvable: true };
  }
  const narrowed = purpose !== null && remit.tool(call).verdict !== 'outside';
  return { subject: used, expected: narrowed ? `only the tools of the purpose ${bounded(purpose.id, 80)}` : 'only the approved tools', observed: tool };
}

function foreignAction(event: NhiEvent, remit: Remit, purpose: PurposeRemit | null): Departure | null {
  // What `tools[]` allows need not be said again as an action.
  if (event.tool !== undefined && (purpose ?? remit).tool({ name: event.tool.name, server: event.tool.server }).verdict === 'allowed') return null;
  for (const used of event.privilege?.used ?? []) {
    // What was seen and waits for a person's word is a ticket of unbaselined-sensitive-use, not a departure.
    if (remit.awaitsReview(used)) continue;
    const narrowed = remit.action(used) !== 'outside';
    if (narrowed && (purpose === null || purpose.action(used) !== 'outside')) continue;
    return {
      subject: bounded(used, 256), observed: `used ${bounded(used, 160)}`,
      expected: narrowed ? `only the actions of the purpose ${bounded(purpose!.id, 80)}`
        : `only the ${remit.record.actions?.length ?? 0} approved action patterns`,
    };
  }
  return null;
}

/** Targets without any id, as in list calls, cannot be judged; one whose id or name is approved is. */
function foreignTarget(event: NhiEvent, remit: Remit): Departure | null {
  const targets: string[] = [];
  for (const { uid, name } of event.resources ?? []) {
    const id = uid ?? name;
    if (id === undefined || remit.resource(id) !== 'outside') continue;
    if (name === undefined || name === id || remit.resource(name) !== 'allowed') targets.push(id);
  }
  if (targets.length === 0) return null;
  return {
    subject: `${bounded(permission(event), 224)} on other resources`, targets,
    expected: `only the ${remit.record.resources?.length ?? 0} approved resource patterns`,
    observed: `used ${bounded(permission(event), 100)} on ${bounded(targets[0]!, 128)}`,
  };
}

function foreignData(event: NhiEvent, remit: Remit, view: View): Departure | null {
  if (!remit.record.data_classes_allowed?.length) return null;
  let departure: Departure | null = null;
  const targets: string[] = [];
  for (const { uid, name, data_classification: said } of event.resources ?? []) {
    const id = uid ?? name;
    const found = strictest(said, id === undefined ? null : view.dataClass(id), id !== undefined && remit.restricted(id));
    if (found === null || remit.dataClass(found) !== 'outside') continue;
    targets.push(id ?? '');
    departure ??= {
      subject: `${bounded(permission(event), 224)} on ${found} data`, targets,
      expected: `only data of the classes ${remit.record.data_classes_allowed.join(', ')}`,
      observed: `used ${bounded(permission(event), 100)} on ${bounded(id ?? 'a target without a name', 110)} of class ${found}`,
    };
  }
  return departure;
}

/** The strictest class that event and inventory give to a target; words that are no class of ours say nothing. */
function strictest(said: string | undefined, known: DataClass | null, restricted: boolean): DataClass | null {
  const rank = Math.max(DATA_CLASSES.indexOf(said?.toLowerCase() as DataClass), known === null ? -1 : DATA_CLASSES.indexOf(known));
  return restricted ? 'restricted' : DATA_CLASSES[rank] ?? null;
}

/** A tool changes something unless it is known to read. */
function accessTo(event: NhiEvent, remit: Remit): 'read' | 'change' {
  if (event.tool === undefined) return access(event);
  return remit.tool({ name: event.tool.name, server: event.tool.server }).writes ? 'change' : 'read';
}
