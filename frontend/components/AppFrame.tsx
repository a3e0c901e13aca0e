'use client';

import Link from 'next/link';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { memo, type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from 'react';
import { UnreadBadge } from '@/inbox/UnreadBadge';
import { type Command, useCommands } from '@/keyboard/commands';
import { ConnectionBadge } from '@/live/ConnectionBadge';
import type { Messages } from '@/messages/en';
import { useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import { conflicts } from '@/tasks/conflict-store';
import { undoLast } from '@/tasks/task-actions';
import { RailViews } from '@/views/RailViews';
import { Avatar, nameOf } from './Avatar';
import { Glyph, type IconName, Mark } from './icons';
import { whenIdle } from './idle';
import { OrganizationSwitch } from './OrganizationSwitch';
import { openOverlay, useOverlay } from './overlay-store';
import { part } from './part';

// Loaded when they are first wanted: no page needs them to be drawn.
const Palette = part(() => import('./Palette').then((module) => module.Palette));
const ShortcutSheet = part(() => import('./ShortcutSheet').then((module) => module.ShortcutSheet));
const ConflictDialog = part(() => import('@/tasks/ConflictDialog').then((module) => module.ConflictDialog));
const CreateTaskDialog = part(() =>
  import('@/tasks/CreateTaskDialog').then((module) => module.CreateTaskDialog),
);

type Place = {
  href: string;
  label: string;
  icon: IconName;
  key: string;
  isOnBottomBar: boolean;
  badge?: ReactNode;
};

function places(m: Messages, mayAudit: boolean): Place[] {
  const all: Place[] = [
    {
      href: '/inbox/',
      label: m.nav.inbox,
      icon: 'inbox',
      key: 'g i',
      isOnBottomBar: true,
      badge: <UnreadBadge />,
    },
    { href: '/tasks/', label: m.nav.tasks, icon: 'tasks', key: 'g t', isOnBottomBar: true },
    { href: '/tasks/?assignee=me', label: m.nav.mine, icon: 'mine', key: 'g m', isOnBottomBar: true },
    { href: '/dashboard/', label: m.nav.dashboard, icon: 'dashboard', key: 'g d', isOnBottomBar: true },
    { href: '/activity/', label: m.nav.activity, icon: 'activity', key: 'g a', isOnBottomBar: false },
    { href: '/trash/', label: m.nav.trash, icon: 'trash', key: 'g x', isOnBottomBar: false },
    { href: '/settings/', label: m.nav.settings, icon: 'settings', key: 'g s', isOnBottomBar: false },
  ];
  return all.filter(({ href }) => mayAudit || href !== '/activity/');
}

/** What can be done on every page. */
function useFrameCommands(list: Place[], isOpen: boolean, toggle: () => void): void {
  const m = useMessages();
  const router = useRouter();
  const mayWrite = useMay('tasks.write');
  const group = m.keys.anywhere;
  const create: Command = {
    id: 'create',
    label: m.tasks.create,
    group,
    keys: ['c'],
    run: () => openOverlay('create'),
  };
  useCommands([
    {
      id: 'palette',
      label: m.keys.palette,
      group,
      keys: ['$mod+k'],
      run: () => openOverlay('palette'),
      isGlobal: true,
      isHidden: true,
    },
    ...(mayWrite ? [create] : []),
    { id: 'undo', label: m.keys.undo, group, keys: ['$mod+z'], run: () => void undoLast() },
    {
      id: 'sheet',
      label: m.settings.showKeys,
      group,
      keys: ['?', 'Shift+?'],
      run: () => openOverlay('sheet'),
    },
    { id: 'rail', label: isOpen ? m.nav.collapse : m.nav.expand, group, keys: ['['], run: toggle },
    ...list.map(({ href, label, key }) => ({
      id: `go ${href}`,
      label: m.keys.go(label),
      group,
      keys: [key],
      run: () => router.push(href),
    })),
  ]);
}

/** What every page runs in the background once it is drawn. */
function useBackground(list: Place[]): void {
  const router = useRouter();
  const me = useMe();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another person or organization is another load of the page
  useEffect(() => {
    let stop = () => {};
    let isGone = false;
    // Not by the links themselves: they would do it while the first rows are drawn.
    whenIdle(() => {
      for (const { href } of list) router.prefetch(href);
    });
    whenIdle(() => void import('@/offline/start').then(({ startOffline }) => startOffline(me)));
    whenIdle(() => void CreateTaskDialog.preload());
    void import('@/live/start').then(({ startLive }) => {
      if (!isGone) stop = startLive();
    });
    return () => {
      isGone = true;
      stop();
    };
  }, []);
}

/** Rail, content and, on a phone, the bar at the bottom; and what works on every page. */
export function AppFrame({ children }: { children: ReactNode }) {
  const m = useMessages();
  const overlay = useOverlay();
  const conflict = useSyncExternalStore(conflicts.subscribe, conflicts.current, () => undefined);
  const [isOpen, setOpen] = useState(true);
  const toggle = () => setOpen(!isOpen);
  const list = places(m, useMay('audit.read'));
  useFrameCommands(list, isOpen, toggle);
  useBackground(list);
  return (
    <div className="flex h-dvh flex-col sm:flex-row">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-page focus:p-2"
      >
        {m.app.skip}
      </a>
      <PhoneBar list={list} />
      <Rail list={list} isOpen={isOpen} toggle={toggle} />
      <main id="content" className="flex min-h-0 min-w-0 grow flex-col">
        {children}
      </main>
      <nav
        aria-label={m.nav.label}
        className="flex shrink-0 border-line border-t bg-side pb-[env(safe-area-inset-bottom)] sm:hidden"
      >
        <Suspense>
          {list
            .filter((place) => place.isOnBottomBar)
            .map((place) => (
              <PlaceLink
                key={place.href}
                place={place}
                className="min-h-13 flex-1 flex-col justify-center gap-0.5 text-[11px]"
              />
            ))}
        </Suspense>
      </nav>
      {overlay === 'palette' && <Palette onClose={() => openOverlay(null)} />}
      {overlay === 'sheet' && <ShortcutSheet onClose={() => openOverlay(null)} />}
      {overlay === 'create' && <CreateTaskDialog onClose={() => openOverlay(null)} />}
      {conflict && <ConflictDialog />}
    </div>
  );
}

/** The head of the rail and what the bar at the bottom has no room for, on a phone. */
function PhoneBar({ list }: { list: Place[] }) {
  return (
    <header className="flex h-11 shrink-0 items-center gap-2 border-line border-b bg-side pl-3.5 sm:hidden">
      <Mark />
      <OrganizationSwitch />
      <Suspense>
        {list
          .filter((place) => !place.isOnBottomBar)
          .map((place) => (
            <PlaceLink key={place.href} place={place} isLabelHidden className="size-11 justify-center" />
          ))}
      </Suspense>
      <ConnectionBadge isShort />
    </header>
  );
}

function Rail({ list, isOpen, toggle }: { list: Place[]; isOpen: boolean; toggle: () => void }) {
  const m = useMessages();
  const { user } = useMe();
  const label = isOpen ? m.nav.collapse : m.nav.expand;
  return (
    <header
      className={`hidden shrink-0 flex-col border-line border-r bg-side sm:flex ${isOpen ? 'w-56' : 'w-13'}`}
    >
      <div className="flex h-11 items-center gap-2 px-3.5">
        <Mark />
        {isOpen && <OrganizationSwitch />}
      </div>
      <nav aria-label={m.nav.label} className="flex grow flex-col gap-0.5 px-2 pt-1">
        <Suspense>
          {list.map((place) => (
            <PlaceLink
              key={place.href}
              place={place}
              isLabelHidden={!isOpen}
              className="h-8 gap-2.5 rounded px-2"
            />
          ))}
          <RailViews isOpen={isOpen} />
        </Suspense>
      </nav>
      <ConnectionBadge isShort={!isOpen} />
      <div className={`flex items-center gap-2 p-2 ${isOpen ? '' : 'flex-col'}`}>
        <Link
          href="/settings/"
          className="flex min-w-0 grow items-center gap-2 rounded p-1 hover:bg-hover"
          aria-label={m.settings.profile}
        >
          <Avatar person={user} />
          {isOpen && <span className="truncate">{nameOf(user)}</span>}
        </Link>
        <button
          type="button"
          className="icon-button"
          aria-label={label}
          title={`${label} [`}
          onClick={toggle}
        >
          <Glyph name="sidebar" />
        </button>
      </div>
    </header>
  );
}

function PlaceLink({
  place,
  className,
  isLabelHidden,
}: {
  place: Place;
  className: string;
  isLabelHidden?: boolean;
}) {
  const path = usePathname();
  const isMine = useSearchParams().get('assignee') === 'me';
  const [href] = place.href.split('?');
  const isHere = path === href && (href !== '/tasks/' || place.href.includes('?') === isMine);
  return <PlaceAnchor place={place} className={className} isLabelHidden={isLabelHidden} isHere={isHere} />;
}

/** Apart from what reads the address, which changes with each task that is opened. */
const PlaceAnchor = memo(function PlaceAnchor({
  place,
  className,
  isLabelHidden,
  isHere,
}: {
  place: Place;
  className: string;
  isLabelHidden?: boolean;
  isHere: boolean;
}) {
  const state = isHere ? 'bg-hover text-ink font-medium' : 'text-muted hover:bg-hover hover:text-ink';
  return (
    <Link
      href={place.href}
      prefetch={false}
      aria-current={isHere ? 'page' : undefined}
      aria-label={isLabelHidden ? place.label : undefined}
      title={isLabelHidden ? place.label : undefined}
      className={`relative flex items-center ${state} ${className}`}
    >
      <Glyph name={place.icon} />
      {!isLabelHidden && place.label}
      {place.badge && (
        <span
          className={
            isLabelHidden || className.includes('flex-col') ? 'absolute top-0 left-1/2 ml-1' : 'ml-auto'
          }
        >
          {place.badge}
        </span>
      )}
    </Link>
  );
});
