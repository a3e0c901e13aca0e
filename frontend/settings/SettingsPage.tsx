'use client';

import dynamic from 'next/dynamic';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { PageBar } from '@/components/PageBar';
import { useMessages } from '@/messages/language';
import { useMe } from '@/session/session';
import { settingsMessages } from './messages';
import { Personal } from './Personal';
import { TABS, type Tab } from './tabs';

// Each is loaded when it is opened first, with its texts.
const lazy = <T,>(load: () => Promise<T>) =>
  Promise.all([load(), settingsMessages.ready()]).then(([module]) => module);
const Organization = dynamic(
  () => lazy(() => import('./Organization')).then((module) => module.Organization),
  {
    ssr: false,
  },
);
const Members = dynamic(() => lazy(() => import('./Members')).then((module) => module.Members), {
  ssr: false,
});
const Invitations = dynamic(() => lazy(() => import('./Invitations')).then((module) => module.Invitations), {
  ssr: false,
});
const Roles = dynamic(() => lazy(() => import('./Roles')).then((module) => module.Roles), { ssr: false });
const Projects = dynamic(() => lazy(() => import('@/projects/Projects')).then((module) => module.Projects), {
  ssr: false,
});
const Import = dynamic(() => lazy(() => import('@/import/Import')).then((module) => module.Import), {
  ssr: false,
});
const Account = dynamic(() => lazy(() => import('./Account')).then((module) => module.Account), {
  ssr: false,
});
const Tokens = dynamic(() => lazy(() => import('@/tokens/Tokens')).then((module) => module.Tokens), {
  ssr: false,
});

/** What a tab needs, one of each list; the others are for everybody. */
const NEEDED: Partial<Record<Tab, string[]>> = {
  projects: ['tasks.read'],
  import: ['tasks.write', 'org.export'],
  members: ['members.read'],
  invitations: ['members.manage'],
  roles: ['members.read'],
};

function Content({ tab }: { tab: Tab }) {
  switch (tab) {
    case 'personal':
      return <Personal />;
    case 'organization':
      return <Organization />;
    case 'members':
      return <Members />;
    case 'invitations':
      return <Invitations />;
    case 'roles':
      return <Roles />;
    case 'projects':
      return <Projects />;
    case 'import':
      return <Import />;
    case 'account':
      return <Account />;
    case 'tokens':
      return <Tokens />;
  }
}

/** The settings of the reader and of the organization, in tabs that the address names. */
export function SettingsPage() {
  const app = useMessages();
  const m = settingsMessages.useTexts();
  const { permissions } = useMe();
  const wanted = useSearchParams().get('tab');
  const tab = TABS.find((known) => known === wanted) ?? 'personal';
  const shown = useRef<HTMLAnchorElement>(null);
  // On a phone the tabs do not fit: the one that is open is in view.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is another element
  useEffect(() => {
    shown.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [tab]);
  const may = (name: Tab) => {
    const needed = NEEDED[name];
    return !needed || needed.some((permission) => permissions.includes(permission));
  };
  return (
    <>
      <PageBar title={app.settings.title} />
      <nav aria-label={m.tabsLabel} className="flex shrink-0 gap-1 overflow-x-auto border-line border-b px-3">
        {TABS.filter(may).map((name) => (
          <Link
            key={name}
            ref={name === tab ? shown : undefined}
            href={name === 'personal' ? '/settings/' : `/settings/?tab=${name}`}
            aria-current={name === tab ? 'page' : undefined}
            className={`flex h-9 shrink-0 items-center border-b-2 px-2 pointer-coarse:h-11 ${name === tab ? 'border-primary-ink font-medium' : 'border-transparent text-muted hover:text-ink'}`}
          >
            {m.tabs[name]}
          </Link>
        ))}
      </nav>
      <div className="min-h-0 grow overflow-y-auto px-4">
        <div className="max-w-2xl">
          {tab === 'personal' ? (
            <Content tab={tab} />
          ) : (
            <section aria-labelledby="tab-title" className="py-5">
              <h2 id="tab-title" className="mb-3 font-semibold text-base">
                {m.tabs[tab]}
              </h2>
              {may(tab) ? <Content tab={tab} /> : <p className="text-muted">{m.missing}</p>}
            </section>
          )}
        </div>
      </div>
    </>
  );
}
