import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../bench/random.ts';
import { ingestTrial } from './ingest.ts';
import { replayTrial } from './replay.ts';

/** Share of the kills that fall on ingestion. */
const INGEST = 2 / 3;
const WRONG_LISTED = 20;

/** Records of some of the identities, so that the state that is compared holds findings. */
const INVENTORY = `version: 1
owners:
  - { team: platform, contact: "#platform", enforce: true }
identities:
  - urn: urn:nhi:k8s:default:service_account/kube-prometheus-stack/my-kube-prometheus-stack-operator
    kind: service_account
    owner: platform
    purpose: Runs the monitoring stack
    actions: ["k8s:get:*", "k8s:list:*", "k8s:watch:*"]
  - urn: urn:nhi:aws:123837392027:role/stratus-red-team-ec2-enumerate-role
    kind: workload
    owner: platform
    purpose: Role of an instance that was shut down
    status: decommissioned
    decommissioned_at: 2020-01-01T00:00:00Z
`;

export interface TortureOptions { kills: number; seed: number; lying: boolean; say(text: string): void }
export interface TortureResult { kills: number; acknowledged: number; wrong: string[] }

/**
 * Kills ingestion and replay and collects every broken promise: acknowledged events that are lost or counted twice, counts that
 * differ from an uninterrupted replay of the same records, a resumed replay with another digest. A lying build is only asked
 * to ingest. Leaves nothing behind, neither files nor processes.
 */
export async function torture({ kills, seed, lying, say }: TortureOptions): Promise<TortureResult> {
  const random = new Random(seed);
  const folder = mkdtempSync(join(tmpdir(), 'remit-torture-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const during = lying ? kills : Math.ceil(kills * INGEST);
    const served = await ingestTrial({ folder, kills: during, random, seed, lying, say });
    if (lying || served.wrong.length > 0) return { kills: served.kills, acknowledged: served.acknowledged, wrong: served.wrong };
    mkdirSync(join(folder, 'inventory'));
    writeFileSync(join(folder, 'inventory', 'inventory.yml'), INVENTORY);
    const { wrong, report } = await replayTrial({
      folder, kills: kills - during, random, inventory: join(folder, 'inventory'), lines: [...served.lines], say,
    });
    const differing = differences(served.identities, new Map(report.identities.map(({ urn, events }) => [urn, events])));
    return { kills, acknowledged: served.acknowledged, wrong: [...differing, ...wrong].slice(0, WRONG_LISTED) };
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** Identities whose counts are not the same in the service as in one uninterrupted replay. */
function differences(served: ReadonlyMap<string, number>, replayed: ReadonlyMap<string, number>): string[] {
  return [...new Set([...served.keys(), ...replayed.keys()])].filter((urn) => served.get(urn) !== replayed.get(urn))
    .map((urn) => `${urn} has ${served.get(urn) ?? 0} events in the service, ${replayed.get(urn) ?? 0} in one uninterrupted replay`);
}
