import { complaintsOf, dashboard, expect, panel, picture, SHOWN, test } from './support';

test('every kind in every format looks right in its natural panel, untouched', async ({ page, request }) => {
  test.slow();
  const complaints = complaintsOf(page);
  for (const { kind, format, panel: type, seen } of SHOWN) {
    await test.step(`${kind} as ${format} (${type})`, async () => {
      const uid = `e2e-${kind}-${format}`;
      const at = await dashboard(request, uid, [panel(1, { kind, format, panel: type, title: `${kind} as ${format}` }, 0)]);
      await page.goto(`${at}?kiosk`);
      await expect.soft(page.locator(seen).first(), uid).toBeVisible();
      await expect.soft(page.getByText('No data', { exact: true }), uid).toHaveCount(0);
      await page.waitForTimeout(1_000);
      await picture(page, `panel-${kind}-${format}`);
      expect.soft(complaints.splice(0), uid).toEqual([]);
      await request.delete(`/api/dashboards/uid/${uid}`);
    });
  }
});
