import { complaintsOf, expect, explore, picture, SHOWN, test, UID } from './support';

// Against a Grafana that has the plugin and a provisioned data source (uid `remit`) whose service holds what the demo tells.

test('Explore shows something for every kind in every format, without anything chosen', async ({ page }) => {
  test.slow();
  const complaints = complaintsOf(page);
  for (const { kind, format, panel, seen, explored = seen } of SHOWN) {
    await test.step(`${kind} as ${format} (${panel})`, async () => {
      const answer = page.waitForResponse((response) => response.url().includes(`/proxy/uid/${UID}/read/query`));
      await page.goto(explore({ kind, format }));
      expect.soft((await answer).status(), `${kind} as ${format}`).toBe(200);
      await expect.soft(page.locator(explored).first(), `${kind} as ${format}`).toBeVisible();
      await expect.soft(page.getByText('No data', { exact: true }), `${kind} as ${format}`).toHaveCount(0);
      await page.waitForTimeout(1_000);
      await picture(page, `explore-${kind}-${format}`);
      expect.soft(complaints.splice(0), `${kind} as ${format}`).toEqual([]);
    });
  }
});
