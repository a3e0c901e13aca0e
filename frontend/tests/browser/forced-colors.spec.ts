import { expect, type Locator, type Page, test } from '@playwright/test';
import { create, live, row, saved, signIn } from './person';

/** The value of a property as it is drawn. */
function drawn(locator: Locator, property: string): Promise<string> {
  return locator.evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);
}

/** A colour of the system as this browser has it. */
function system(page: Page, name: string): Promise<string> {
  return page.evaluate((color) => {
    const probe = document.createElement('i');
    document.body.append(probe);
    probe.style.setProperty('forced-color-adjust', 'none');
    probe.style.color = color;
    const { color: found } = getComputedStyle(probe);
    probe.remove();
    return found;
  }, name);
}

for (const theme of ['light', 'dark'] as const) {
  test(`with the colours of the system every state is visible, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme, forcedColors: 'active', reducedMotion: 'reduce' });
    await signIn(page, 'dave');
    for (const title of [`Lacquer the ${theme} tray !p0`, `Fold the ${theme} paper`])
      await create(page, title);
    await saved(page);
    await live(page);
    const [highlight, ink, ground] = await Promise.all(
      ['Highlight', 'CanvasText', 'Canvas'].map((name) => system(page, name)),
    );
    // Otherwise nothing below says anything.
    expect(new Set([highlight, ink, ground]).size).toBe(3);

    // The active row: the line at its side. A selected one: a frame and its box.
    await page.keyboard.press('j');
    const [paper, tray] = [row(page, `Fold the ${theme} paper`), row(page, `Lacquer the ${theme} tray`)];
    await expect(paper).toHaveAttribute('data-active', 'true');
    const line = paper.locator('> span[aria-hidden]');
    expect(await drawn(line, 'background-color')).toBe(highlight);
    expect(await drawn(line, 'width')).toBe('2px');
    expect(await drawn(tray, 'outline-style')).toBe('none');
    await tray.getByRole('checkbox').click();
    expect(await drawn(tray, 'outline-style')).toBe('solid');
    expect(await drawn(tray, 'outline-color')).toBe(highlight);
    const box = tray.getByRole('checkbox');
    expect([await drawn(box, 'appearance'), await drawn(box.locator('..'), 'opacity')]).toEqual([
      'auto',
      '1',
    ]);

    // Glyphs have the colour of the text of their buttons, and what is inside of one is not of the same.
    const urgent = tray.getByRole('button', { name: 'Priority: Urgent' });
    for (const button of [urgent, tray.getByRole('button', { name: 'Status: To do' })])
      expect(await drawn(button.locator('svg'), 'color')).toBe(await drawn(button, 'color'));
    expect(await drawn(urgent.locator('svg path').first(), 'fill')).toBe(await drawn(urgent, 'color'));
    expect(await drawn(urgent.locator('svg path').last(), 'stroke')).toBe(ground);

    // The focus, where one is now, what is pressed, and the button that matters.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Shift+Tab');
    const here = page.getByRole('navigation').first().locator('a[aria-current=page]');
    const pressed = page.getByRole('button', { name: 'List', exact: true });
    for (const marked of [here, pressed]) {
      expect(await drawn(marked, 'outline-color')).toBe(highlight);
      expect(await drawn(marked, 'outline-style')).toBe('solid');
    }
    const first = page.getByRole('button', { name: 'New task' }).first();
    expect(await drawn(first, 'border-top-width')).toBe('1px');
    await first.focus();
    await page.keyboard.press('Shift+Tab');
    const focused = page.locator(':focus-visible');
    await expect(focused).toHaveCount(1);
    expect([await drawn(focused, 'outline-style'), await drawn(focused, 'outline-color')]).toEqual([
      'solid',
      highlight,
    ]);

    // The connection: a disc, and text beside it.
    const badge = page.getByRole('status').filter({ hasText: /^Live/ });
    expect(await drawn(badge.locator('circle'), 'fill')).toBe(ink);

    // The option that Enter chooses, and the tab that is open.
    await page.keyboard.press('Control+k');
    const option = page.getByRole('dialog').getByRole('option').first();
    expect([await drawn(option, 'outline-style'), await drawn(option, 'outline-color')]).toEqual([
      'solid',
      highlight,
    ]);
    await page.keyboard.press('Escape');
    await page.goto('/settings/');
    const tabs = page.getByRole('navigation', { name: 'Settings' }).getByRole('link');
    await expect(tabs.first()).toHaveAttribute('aria-current', 'page');
    expect(await drawn(tabs.nth(1), 'border-bottom-color')).toBe(ground);
    expect(await drawn(tabs.first(), 'border-bottom-color')).not.toBe(ground);
  });
}
