import { mutate } from 'swr';
import { api, body } from '@/api/client';
import { whenIdle } from '@/components/idle';
import { inboxChanged } from '@/inbox/inbox-changes';
import { arrive, reloadLists } from '@/tasks/arrivals';
import { creations } from '@/tasks/creations';
import { refreshDerived } from '@/tasks/derived';
import { fetchTasks } from '@/tasks/task-queue';
import { tasks } from '@/tasks/task-store';
import { sendUnsent } from '@/tasks/unsent';
import { readWhole } from '@/tasks/whole';
import { fetchLater, RETRY } from './fetch-later';
import { setLiveState, setPeople } from './live-store';
import { LiveSync } from './live-sync';
import { beginPresence } from './presence';
import type { LiveEvent, ServerMessage } from './protocol';
import { settledSeq } from './settled-seq';
import { addressOf, socketUrl } from './socket-address';
import { type LineTransport, SocketLine } from './socket-line';

/** A connection that comes back within this says nothing, in milliseconds. */
const PATIENCE = 5_000;
/** What else changed is read again where it is shown. */
function readAgain({ event, ids }: LiveEvent): void {
  const keys: Record<string, string[]> = {
    'comment.changed': [`/api/tasks/${ids[0]}/comments`],
    'label.changed': ['/api/labels'],
    'project.changed': ['/api/projects'],
    'view.changed': ['/api/views'],
    'member.changed': ['/api/members', '/api/auth/me'],
    'organization.changed': ['/api/auth/me', '/api/organizations', '/api/roles'],
    'invitation.changed': ['/api/invitations'],
  };
  for (const key of keys[event] ?? []) void mutate(key);
  if (event === 'comment.changed') refreshDerived();
}

/** Brings the store of this page up to date. `hold` reads all open tasks into it. */
function createSync(hold: () => void): LiveSync {
  return new LiveSync(
    tasks,
    {
      changes: (after) => body(api.GET('/api/changes', { params: { query: { after } } })),
      snapshot: () => body(api.GET('/api/tasks/snapshot')),
      // The event of a new task may come before the response to its creation: it would be there twice.
      tasks: async (ids) => {
        const found = await fetchTasks(ids);
        await creations.answered();
        return found;
      },
    },
    {
      reload() {
        // What is in memory is not known to be all any more.
        tasks.setWhole(false);
        hold();
        reloadLists();
        refreshDerived();
        // Hooks whose key is one resource: tasks, comments, labels, people.
        void mutate((key) => typeof key === 'string' && key.startsWith('/api/'));
      },
      arrived: arrive,
      other: readAgain,
      derived: refreshDerived,
    },
    settledSeq(),
  );
}

/** Calls `look` when the page is seen again, or the network is back, until what it returns is called. */
function whenBack(look: () => void): () => void {
  document.addEventListener('visibilitychange', look);
  addEventListener('online', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    removeEventListener('online', look);
  };
}

/** How a line reaches the WebSocket API at this address. */
const transportTo = (url: string): LineTransport => ({
  address: () => addressOf(url),
  open: (address) => new WebSocket(address),
  random: Math.random,
});

/** Connects this page to what others do, until the function that it returns is called. */
export function startLive(): () => void {
  let line: SocketLine | null = null;
  let isStopped = false;
  let warning: ReturnType<typeof setTimeout> | undefined;

  const sync = createSync(hold);
  const fetching = fetchLater(sync);
  const presence = beginPresence((message) => line?.say(message) ?? false);

  /** When the page has nothing better to do; a failure is made good by the next connection. */
  function hold(): void {
    whenIdle(() => void readWhole(() => !isStopped).catch(() => {}));
  }

  async function hear(message: ServerMessage): Promise<void> {
    if (message.type === 'presence') return setPeople(message.people);
    if (message.type === 'inbox') return inboxChanged();
    if (message.type === 'hello') {
      await sync.hello(message.seq);
      // Signals have no number: those that were lost with a connection are made up for here.
      inboxChanged();
      clearTimeout(warning);
      setLiveState('live');
      sendUnsent();
      hold();
      presence.renew();
    } else if (message.type === 'events') await sync.events(message.items);
    fetching.settle();
    fetching.flush();
  }

  /** A gap that could not be filled is asked for again: the same message leads to it. */
  function onMessage(message: ServerMessage): void {
    hear(message).catch(() => {
      if (isStopped) return;
      setTimeout(() => onMessage(message), RETRY);
    });
  }

  async function start(): Promise<void> {
    const url = await socketUrl();
    if (!url || isStopped) return;
    setLiveState('connecting');
    line = new SocketLine(
      transportTo(url),
      {
        message: onMessage,
        lost() {
          setPeople([]);
          clearTimeout(warning);
          warning = setTimeout(() => setLiveState('reconnecting'), PATIENCE);
        },
        // Signed out, removed, or another role: who is signed in is asked for again.
        ended() {
          setLiveState('off');
          tasks.setWhole(false);
          void mutate('/api/auth/me');
        },
      },
      () => sync.lastSeq(),
    );
    await line.dial();
  }

  /** A page that was opened without a network does not even know the address. */
  function begin(): void {
    if (isStopped) return;
    start().catch(() => {
      setLiveState(line ? 'off' : 'reconnecting');
      if (!line) setTimeout(begin, PATIENCE);
    });
  }

  function look(): void {
    if (document.hidden) return;
    line?.check();
    fetching.flush();
  }

  const stopLooking = whenBack(look);
  begin();
  // Beside the connection, which takes a ticket and a handshake; what fails here is made good by its hello.
  sync.resume().then(fetching.settle, () => {});
  return () => {
    isStopped = true;
    stopLooking();
    fetching.stop();
    clearTimeout(warning);
    presence.end();
    line?.close();
    setLiveState('off');
  };
}
