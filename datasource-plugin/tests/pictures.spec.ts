import { mkdirSync } from 'node:fs';
import { dashboard, expect, explore, panel, rows, SHOWN, test, TYPE, UID } from './support';

// The pictures of docs/data-source.md, made when PLUGIN_DOCS names their folder. REMIT_FLEET names a data source with an
// identity and a range in which its baseline is ready, as `uid,identity,from,to`.
const FOLDER = process.env.PLUGIN_DOCS;
const [fleet, member = '', from = '', to = ''] = (process.env.REMIT_FLEET ?? '').split(',');
const HEIGHTS: Record<string, number> = { table: 260, logs: 220, timeseries: 300, nodeGraph: 380, traces: 420, 'state-timeline': 220 };

if (FOLDER) {
  mkdirSync(FOLDER, { recursive: true });

  test('pictures of every kind', async ({ page, request }) => {
    test.slow();
    const [chain] = (await rows(request, { kind: 'chain', format: 'list' })).filter(({ identity }) => String(identity).endsWith('ticket-triage'));
    const session = [{ key: 'trace', op: '=', values: [String(chain?.trace)] }];
    const filters: Record<string, object[]> = { chain: session, 'chain-list': [], 'graph-chain': session, 'graph-access': [{ key: 'identity', op: '=~', values: ['.*(settlement-export|billing-sync|index-builder)'] }], coverage: [{ key: 'state', op: '=', values: ['not_judged'] }] };
    for (const { kind, format, panel: type, seen } of SHOWN) {
      await test.step(`${kind} as ${format}`, async () => {
        const banded = fleet && (kind === 'baseline' || kind === 'deviations');
        const asked = { kind, format, panel: type, title: `${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}`, filters: banded ? [{ key: 'identity', op: '=', values: [member] }] : (filters[`${kind}-${format}`] ?? filters[kind] ?? []) };
        const shown = panel(1, asked, 0) as { datasource: object; targets: Array<{ datasource: object }> };
        if (banded) {
          shown.datasource = shown.targets[0].datasource = { type: TYPE, uid: fleet };
        }
        await dashboard(request, 'e2e-picture', [shown]);
        const short = format === 'states';
        const range = banded ? `from=${from}&to=${to}` : short ? `from=${Number(chain?.time) - 1_000}&to=${Number(chain?.end) + 2_000}` : 'from=now-24h&to=now';
        await page.setViewportSize({ width: 1280, height: kind === 'explain' ? 480 : (HEIGHTS[type] ?? 300) });
        await page.goto(`/d-solo/e2e-picture/x?panelId=1&theme=dark&${range}`);
        await expect(page.locator(seen).first()).toBeVisible();
        await page.waitForTimeout(1_500);
        await page.screenshot({ path: `${FOLDER}/${kind}-${format}.png` });
      });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(explore({ kind: 'findings', format: 'table' }));
    await expect(page.locator('[role="row"] [role="cell"]').first()).toBeVisible();
    await page.screenshot({ path: `${FOLDER}/explore.png` });
    const source = { type: TYPE, uid: UID };
    await dashboard(request, 'e2e-picture', [panel(1, { kind: 'events', format: 'volume', panel: 'timeseries', title: 'Events, with findings as annotations' }, 0)], {
      annotations: { list: [{ name: 'Findings', enable: true, iconColor: 'red', datasource: source, target: { refId: 'Anno', kind: 'findings', format: 'annotations' } }] },
    });
    await page.setViewportSize({ width: 1280, height: 360 });
    await page.goto('/d/e2e-picture?kiosk&from=now-24h&to=now');
    await expect(page.locator('[data-testid="data-testid annotation-marker"]').first()).toBeVisible();
    await page.screenshot({ path: `${FOLDER}/annotations.png` });
    await request.delete('/api/dashboards/uid/e2e-picture');
  });
}
