import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { ExporterProcess } from '/work/main/e2e/support/exporter.ts';
import { inventory, ROLES } from '/work/main/e2e/support/inventory.ts';
import { readsObject } from '/work/main/e2e/support/cloudtrail.ts';
import { freePort } from '/work/main/tools/real/server.ts';
const f = mkdtempSync('/tmp/loop-'); mkdirSync(f+'/inv'); const now = Date.now();
writeFileSync(f+'/inv/a.yml', inventory(now));
const e = new ExporterProcess(await freePort(), { 'inventory.path': f+'/inv', 'storage.path': f+'/s', 'log.level': 'warn' });
await e.start();
try {
for (let i=0;i<12;i++) {
  const burst = Array.from({ length: 3000 }, (_, k) => readsObject(k===0?ROLES.outside:ROLES.inside, now - 600_000 + i*3000 + k));
  const r = await e.post('/ingest', burst.map((b)=>JSON.stringify(b)).join('\n'));
  const t=Math.random()*6000; await new Promise((r)=>setTimeout(r,t));
  await e.end(i%4===3?'SIGTERM':'SIGKILL');
  const s=Date.now(); await e.start();
  console.log(i, r.status, Math.round(t), Date.now()-s, e.answers.filter(x=>x===503).length);
}
} finally { await e.end('SIGKILL'); console.log(e.log()); }
