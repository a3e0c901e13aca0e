'use client';

import { commandStore, shownKey } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { Dialog } from './Dialog';

/** Every key of the page, by where it works. */
export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const m = useMessages();
  const commands = commandStore.all();
  const groups = [...new Set(commands.map((command) => command.group))];
  return (
    <Dialog title={m.keys.title} onClose={onClose} isWide>
      <div className="gap-x-8 overflow-y-auto p-4 sm:columns-2" tabIndex={0}>
        {groups.map((group) => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 font-semibold">{group}</h3>
            <dl>
              {commands
                .filter((command) => command.group === group)
                .map(({ id, label, keys }) => (
                  <div
                    key={id}
                    className="flex min-h-7 items-center justify-between gap-3 border-line border-b"
                  >
                    <dt>{label}</dt>
                    <dd className="shrink-0">
                      <kbd className="font-sans text-muted">{keys[0] ? shownKey(keys[0]) : ''}</kbd>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
