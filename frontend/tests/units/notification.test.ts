import { expect, test } from 'vitest';
import { isIn, type Notification, reasonsOf, SHOWN, snoozeTimes, withEdit } from '@/inbox/notification';

const NOW = new Date('2026-11-27T06:00:00Z');
const NOTIFICATION: Notification = {
  id: 'n1',
  task: { id: 't1', title: 'Water the maple' },
  reasons: ['watching', 'mentioned'],
  actor: { id: 'p2', login: 'bob', name: null, avatar_url: null },
  created_at: '2026-11-27T05:00:00.000000Z',
  updated_at: '2026-11-27T05:00:00.000000Z',
  read_at: null,
  archived_at: null,
  snoozed_until: null,
};
const lists = (notification: Notification) =>
  SHOWN.filter((shown) => isIn(shown, notification, NOW.getTime()));

test('a notification is in the lists that the API has it in', () => {
  const edited = (edit: Parameters<typeof withEdit>[1]) => lists(withEdit(NOTIFICATION, edit, NOW));
  expect(edited({})).toEqual(['inbox', 'unread']);
  expect(edited({ read: true })).toEqual(['inbox']);
  expect(edited({ archived: true })).toEqual(['archived']);
  expect(edited({ snoozed_until: '2026-11-28T00:00:00Z' })).toEqual(['snoozed']);
  // Over: it is in the inbox again.
  expect(edited({ snoozed_until: '2026-11-27T00:00:00Z' })).toEqual(['inbox', 'unread']);
  expect(edited({ archived: true, snoozed_until: '2026-11-28T00:00:00Z' })).toEqual(['archived']);
});

test('what was read or archived already keeps its time', () => {
  const read = { ...NOTIFICATION, read_at: '2026-11-27T05:30:00Z' };
  expect(withEdit(read, { read: true }, NOW).read_at).toBe('2026-11-27T05:30:00Z');
  expect(withEdit(read, { read: false }, NOW).read_at).toBeNull();
});

test('the weightiest reason comes first', () => {
  expect(reasonsOf(NOTIFICATION)).toEqual(['mentioned', 'watching']);
});

test('a morning is one of the reader, and never in the past', () => {
  // Also on a Sunday and a Monday, whose next Monday is not today.
  for (let day = 0; day < 8; day++) {
    const now = new Date(2026, 10, 27 + day, 8, 0);
    const times = snoozeTimes(now);
    for (const time of Object.values(times)) expect(Date.parse(time)).toBeGreaterThan(now.getTime());
    expect(new Date(times.tomorrow).getHours()).toBe(9);
    expect(new Date(times.monday).getDay()).toBe(1);
  }
});
