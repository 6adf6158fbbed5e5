import type { Page } from '@playwright/test';
import { complaintsOf, expect, explore, test, UID } from './support';

const KINDS = ['Findings', 'Events', 'Identities', 'Baseline', 'Deviations', 'Graph', 'Chain', 'Privileges', 'Coverage', 'Explain'];
/** From one kind to each of those behind it and back: together with the walks of the others, every kind after every other. */
const walkFrom = (start: number): string[] => KINDS.slice(start + 1).flatMap((kind) => [kind, KINDS[start] ?? '']);

const kindOf = (page: Page) => page.locator('#remit-A-kind');

async function choose(page: Page, kind: string): Promise<void> {
  const option = page.getByRole('option', { name: new RegExp(`^${kind}`) }).first();
  // The page may still move while the menu is opened.
  await expect(async () => {
    await kindOf(page).click({ timeout: 3_000 });
    await option.click({ timeout: 3_000 });
  }).toPass({ timeout: 30_000 });
}

for (const [start, kind] of KINDS.slice(0, -1).entries()) {
  test(`Explore goes from ${kind} to the kinds behind it and back, and comes to rest each time`, async ({ page }) => {
    test.slow();
    const complaints = complaintsOf(page);
    const asked: string[] = [];
    page.on('request', (request) => request.url().includes(`/proxy/uid/${UID}/read/query`) && asked.push(...(request.postDataJSON() as { queries: Array<{ kind: string; format?: string }> }).queries.filter(({ format }) => format !== 'volume').map((each) => each.kind)));
    await page.goto(explore({ kind: kind.toLowerCase() }));
    await expect(kindOf(page)).toHaveValue(kind);
    await expect.poll(() => asked).toContain(kind.toLowerCase());
    await page.waitForTimeout(1_500);
    for (const next of walkFrom(start)) {
      asked.splice(0);
      await choose(page, next);
      await expect(kindOf(page)).toHaveValue(next);
      await expect.poll(() => asked.at(-1)).toBe(next.toLowerCase());
      await page.waitForTimeout(300);
      // A panel that is slow may ask for what was shown before once more; a menu that repeats itself asks dozens of times.
      expect(asked.length, `${next}: ${asked.join(' ')}`).toBeLessThan(4);
      expect([next, await page.getByText('An unexpected error happened').count(), complaints]).toEqual([next, 0, []]);
    }
  });
}
