import type { Exception, Inventory, Millis, NhiEvent, Remit } from '@remit/contract';
import type { Identity } from './identities.ts';
import { severityOf, type Judged } from './judge.ts';
import type { Processor } from './processor.ts';

/** What a judged signal is about: `event` where one event stands for it, else the `part` (an hour, a chain, a look at the fleet) it is said of. `inVain`: nothing of it succeeded. */
export interface About { identity: Identity; remit: Remit | null; inventory: Inventory; event: NhiEvent | null; at: Millis; part?: string; provisional: boolean; inVain?: boolean }

/** Turns a judged signal into a finding, or adds to one, as its exceptions say; returns the finding's id. */
export function openFinding(p: Processor, { detector, signal, also }: Judged, about: About): string {
  const { identity, remit, inventory, event, at, provisional } = about;
  const part = about.part === undefined ? undefined : signal.part ?? about.part;
  const exception = inventory.exception(identity.urn, remit, detector.id, event, signal.at, signal.scope);
  if (event !== null && exception === null) p.hours.signalled(identity, signal.at, detector, 1);
  // What is said anew of the same hour, chain or fleet is not hidden anew, nor relied on anew, unless what hid it has ended meanwhile.
  const said = p.book.said(identity, detector, signal, part);
  if (!provisional && (said === undefined || (exception === null && said.loud === 0))) {
    const ended = exception === null ? inventory.expired(identity.urn, remit, detector.id, event, signal.at, signal.scope) : null;
    if (ended) rely(p, ended, identity.urn, signal.at);
    if (exception) p.matches.set(exception.id, (p.matches.get(exception.id) ?? 0) + 1);
  }
  return p.book.add({
    identity, kind: p.identities.kindOf(identity), detector, signal, also, at, provisional,
    severity: severityOf(detector, signal, about), owner: remit?.record.owner ?? null,
    purpose: remit?.record.purpose ?? null, exception: exception?.id ?? null, ...(part === undefined ? {} : { part }),
  });
}

/** What an exception hid until it ended still happens. */
function rely({ relied }: Processor, { id }: Exception, urn: string, at: Millis): void {
  const known = relied.get(id);
  if (!known) relied.set(id, { urn, count: 1, first: at, last: at });
  else relied.set(id, { urn: at >= known.last ? urn : known.urn, count: known.count + 1, first: Math.min(known.first, at), last: Math.max(known.last, at) });
}
