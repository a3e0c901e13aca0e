import { expect, test } from 'vitest';
import { en as activityEn } from '@/activity/messages.en';
import { ja as activityJa } from '@/activity/messages.ja';
import { en as joinEn } from '@/join/messages.en';
import { ja as joinJa } from '@/join/messages.ja';
import { en } from '@/messages/en';
import { ja } from '@/messages/ja';
import { en as settingsEn } from '@/settings/messages.en';
import { ja as settingsJa } from '@/settings/messages.ja';

/** Every text of a catalog by its path; functions by what they give. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, String(value('x', 'y'))]];
  return Object.entries(value as object).flatMap(([key, member]) => texts(member, `${path}.${key}`));
}

/** Names that are the same in both languages. */
const SAME = new Set(['.app.name', '.title_']);

const CATALOGS: Record<string, [unknown, unknown]> = {
  main: [en, ja],
  activity: [activityEn, activityJa],
  join: [joinEn, joinJa],
  settings: [settingsEn, settingsJa],
};

test.each(Object.keys(CATALOGS))('every text of the catalog %s is translated, and none is empty', (name) => {
  const [english, japanese] = CATALOGS[name]?.map((catalog) => texts(catalog)) ?? [];
  const translated = new Map(japanese);
  expect([...translated.keys()].sort()).toEqual(english?.map(([path]) => path).sort());
  for (const [path, text] of english ?? []) {
    expect(translated.get(path), path).toBeTruthy();
    if (!SAME.has(path)) expect(translated.get(path), path).not.toBe(text);
  }
});
