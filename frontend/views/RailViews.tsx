'use client';

import Link from 'next/link';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { Glyph } from '@/components/icons';
import { useCommands } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { parseQuery } from '@/tasks/list-query';
import { useViews } from './use-views';
import { addressOf, shownView } from './view-query';

/** Most views that have a key of their own. */
const KEYS = 9;

/** The saved views below the places of the rail; the first nine have the keys 1 to 9. */
export function RailViews({ isOpen }: { isOpen: boolean }) {
  const m = useMessages();
  const router = useRouter();
  const path = usePathname();
  const parameters = useSearchParams();
  const { views = [] } = useViews();
  const shown =
    path === '/tasks/' ? shownView(views, parseQuery(new URLSearchParams(parameters))) : undefined;
  const entries = views.flatMap((view) => {
    const href = addressOf(view);
    return href ? [{ view, href }] : [];
  });
  useCommands(
    entries.slice(0, KEYS).map(({ view, href }, index) => ({
      id: `view ${view.id}`,
      label: m.keys.go(view.name),
      group: m.keys.anywhere,
      keys: [String(index + 1)],
      run: () => router.push(href),
    })),
  );
  if (!isOpen || entries.length === 0) return null;
  return (
    <section aria-label={m.nav.views} className="mt-3 flex min-h-0 flex-col gap-0.5 overflow-y-auto">
      <h2 className="px-2 text-muted text-xs">{m.nav.views}</h2>
      {entries.map(({ view, href }, index) => (
        <Link
          key={view.id}
          href={href}
          aria-current={view.id === shown?.id ? 'page' : undefined}
          className={`flex h-8 shrink-0 items-center gap-2.5 rounded px-2 ${view.id === shown?.id ? 'bg-hover font-medium text-ink' : 'text-muted hover:bg-hover hover:text-ink'}`}
        >
          <Glyph name={view.layout === 'board' ? 'board' : 'list'} />
          <span className="min-w-0 grow truncate">{view.name}</span>
          {index < KEYS && <kbd className="font-sans text-xs">{index + 1}</kbd>}
        </Link>
      ))}
    </section>
  );
}
