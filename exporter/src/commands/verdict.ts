import { userInfo } from 'node:os';
import { VERDICT_STATES, type Finding, type VerdictState } from '@remit/contract';
import { ask, errorOf, type Asked } from './ask.ts';
import { EXIT, UsageError } from './output.ts';

export interface VerdictOptions extends Asked { note?: string; user?: string; json?: boolean }

/** `remit verdict FINDING STATE`: a person's word on a finding of a running service, with its write token. */
export async function verdict(id: string, state: string, options: VerdictOptions): Promise<void> {
  if (!/^[0-9a-f]{32}$/.test(id)) throw new UsageError(`${JSON.stringify(id.slice(0, 64))} is no finding id`, 'an id has 32 hex digits; `remit replay` and the status page list them');
  if (!isVerdict(state)) throw new UsageError(`${JSON.stringify(state.slice(0, 64))} is no verdict`, `one of ${VERDICT_STATES.join(', ')}`);
  const user = options.user ?? userName();
  const answer = await ask(options, `/api/v1/findings/${id}/verdict`, {
    method: 'POST', body: { state, ...options.note === undefined ? {} : { note: options.note }, ...user === null ? {} : { claimed_user: user } },
  });
  if (answer.status === 404 || answer.status === 409) {
    process.stderr.write(`${errorOf(answer)}\n`);
    process.exitCode = EXIT.negative;
    return;
  }
  if (answer.status === 503) {
    process.stderr.write(`${errorOf(answer)}\n`);
    process.exitCode = EXIT.store;
    return;
  }
  if (answer.status !== 200) throw new UsageError(`${options.url}: ${errorOf(answer)}`, 'the write token is passed with --token.file; docs/api.md says how to configure one');
  const finding = answer.body as Finding;
  process.stdout.write(options.json ? `${JSON.stringify(finding)}\n` : `${id} is ${finding.state}\n`);
}

function isVerdict(state: string): state is VerdictState {
  return (VERDICT_STATES as readonly string[]).includes(state);
}

/** Some systems have a number and no name for the user. */
function userName(): string | null {
  try {
    return userInfo().username || null;
  } catch {
    return null;
  }
}
