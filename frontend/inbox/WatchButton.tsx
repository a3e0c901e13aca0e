'use client';

import { Glyph } from '@/components/icons';
import { useCommands } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { useWatch } from './use-watch';

/** Watches a task or stops that, also by Shift-W. */
export function WatchButton({ task }: { task: string }) {
  const m = useMessages();
  const { isWatching, toggle } = useWatch(task);
  const label = isWatching ? m.watch.off : m.watch.on;
  useCommands([{ id: 'watch', label, group: m.keys.onTask, keys: ['Shift+W'], run: () => void toggle() }]);
  return (
    <button
      type="button"
      className={`icon-button ${isWatching ? 'text-primary-ink' : ''}`}
      aria-label={m.watch.on}
      aria-pressed={isWatching ?? false}
      disabled={isWatching === undefined}
      title={`${isWatching ? m.watch.watching : label} (Shift W)`}
      onClick={() => void toggle()}
    >
      <Glyph name="eye" />
    </button>
  );
}
