import { expect, test } from 'vitest';
import { en as activityEn } from '@/activity/messages.en';
import { ja as activityJa } from '@/activity/messages.ja';
import { en as importEn } from '@/import/messages.en';
import { ja as importJa } from '@/import/messages.ja';
import { en as inboxEn } from '@/inbox/messages.en';
import { ja as inboxJa } from '@/inbox/messages.ja';
import { en as joinEn } from '@/join/messages.en';
import { ja as joinJa } from '@/join/messages.ja';
import { en } from '@/messages/en';
import { ja } from '@/messages/ja';
import { en as projectsEn } from '@/projects/messages.en';
import { ja as projectsJa } from '@/projects/messages.ja';
import { en as settingsEn } from '@/settings/messages.en';
import { ja as settingsJa } from '@/settings/messages.ja';
import { en as tokensEn } from '@/tokens/messages.en';
import { ja as tokensJa } from '@/tokens/messages.ja';
import { en as viewsEn } from '@/views/messages.en';
import { ja as viewsJa } from '@/views/messages.ja';

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
  import: [importEn, importJa],
  inbox: [inboxEn, inboxJa],
  join: [joinEn, joinJa],
  projects: [projectsEn, projectsJa],
  tokens: [tokensEn, tokensJa],
  views: [viewsEn, viewsJa],
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
