import type { Schema } from '@/api/client';
import type { Task } from '@/tasks/task';
import type { TaskStore } from '@/tasks/task-store';
import type { LiveEvent } from './protocol';

/** What the synchronisation asks of the API; the tests give it a server of their own. */
export type SyncTransport = {
  changes: (after: number) => Promise<Schema['Changes']>;
  snapshot: () => Promise<Schema['Snapshot']>;
  /** At most 100. Those that are deleted are missing. */
  tasks: (ids: string[]) => Promise<Task[]>;
};

export type SyncListener = {
  /** Every list has to be read again: what was read before cannot be compared with the sequence. */
  reload: () => void;
  /** Tasks came that no list of this page had. */
  arrived: (ids: string[]) => void;
  /** Something changed that is no task: `comment.changed` with a task and a comment, and so on. */
  other: (event: LiveEvent) => void;
  /** What the server derives from tasks has changed. */
  derived: () => void;
};

/** Most ids of one request. */
const MOST = 100;
/** Most requests for tasks at the same time. */
const AT_ONCE = 4;

/**
 * Brings the tasks of this page to the state of the server, event by event. Nothing is skipped: an event
 * that does not follow the last one is a gap, which is filled from the server before it counts.
 */
export class LiveSync {
  /** Ids to fetch, with the version that an event promised. */
  private readonly wanted = new Map<string, number | null>();
  private chain: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: TaskStore,
    private readonly transport: SyncTransport,
    private readonly listener: SyncListener,
    /** The last event that is complete in the store already: from the last visit. */
    private seq: number | null = null,
  ) {}

  /** The last event that is known to this page. */
  lastSeq(): number | null {
    return this.seq;
  }

  /** Takes the sequence that a connection begins with. Resolves when this page has everything up to it. */
  hello(seq: number): Promise<void> {
    return this.inOrder(async () => {
      if (this.seq === null) {
        this.seq = seq;
        // What was read before this moment may miss events up to it.
        this.listener.reload();
      } else if (seq !== this.seq) await this.catchUp();
    });
  }

  /**
   * Asks for what happened since the last visit and fetches it, without waiting for a connection. Nothing
   * happens when it is not known where that visit ended.
   */
  resume(): Promise<void> {
    return this.inOrder(async () => {
      if (this.seq === null) return;
      await this.catchUp();
      await this.fetchWanted();
    });
  }

  /** Takes events. What they name is fetched by `fetch`. */
  events(items: LiveEvent[]): Promise<void> {
    return this.inOrder(async () => {
      for (const item of items) {
        // Before the first hello: it is covered by the reading that follows.
        if (this.seq === null || item.seq <= this.seq) continue;
        if (item.seq === this.seq + 1) this.take(item);
        else await this.catchUp();
      }
    });
  }

  /** Whether something is to be fetched. */
  hasWanted(): boolean {
    return this.wanted.size > 0;
  }

  /** Fetches what events named and this page does not have yet. */
  fetch(): Promise<void> {
    return this.inOrder(() => this.fetchWanted());
  }

  /** One after the other: two gaps at once would fetch twice and could go back. */
  private inOrder(work: () => Promise<void>): Promise<void> {
    const next = this.chain.then(work);
    this.chain = next.catch(() => {});
    return next;
  }

  private take(event: LiveEvent): void {
    this.seq = event.seq;
    if (event.event !== 'task.changed' && event.event !== 'tasks.changed') {
      // A task has as many comments, at the same version.
      if (event.event === 'comment.changed') this.want(event.ids[0]);
      this.listener.other(event);
      return;
    }
    event.ids.forEach((id, index) => {
      const version = event.versions[index] ?? null;
      const known = this.store.confirmedTask(id);
      // The author has it already, but not what the task above it counts.
      if (known && version !== null && known.version >= version) this.want(known.parent_id);
      else this.wanted.set(id, version);
    });
  }

  /** A task that is known may have other counts, of which its version says nothing. */
  private want(id: string | null | undefined): void {
    if (id && this.store.confirmedTask(id) && !this.wanted.has(id)) this.wanted.set(id, null);
  }

  private async catchUp(): Promise<void> {
    for (;;) {
      const after = this.seq ?? 0;
      const changes = await this.transport.changes(after);
      if (changes.resync) return this.resync();
      for (const { seq, type, ids, versions } of changes.items) {
        if (seq > (this.seq ?? 0))
          this.take({ seq, event: type, ids, versions: versions as (number | null)[] });
      }
      const last = changes.items.at(-1)?.seq ?? after;
      // An empty page with a larger sequence would be asked for for ever.
      if (last >= changes.last_seq || changes.items.length === 0) return;
    }
  }

  /** The gap is older than what the server keeps: everything is compared with a snapshot. */
  private async resync(): Promise<void> {
    const snapshot = await this.transport.snapshot();
    const present = new Set<string>();
    for (const { id, version } of snapshot.tasks) {
      present.add(id);
      const known = this.store.confirmedTask(id);
      if (known && known.version < version) this.wanted.set(id, version);
    }
    // Deleted, closed long ago, or behind the end of the snapshot: the server knows.
    for (const { id } of this.store.all())
      if (!present.has(id) && !this.store.isProposed(id)) this.wanted.set(id, null);
    this.seq = snapshot.seq;
    this.listener.reload();
    await this.catchUp();
  }

  private async fetchWanted(): Promise<void> {
    for (;;) {
      this.dropKnown();
      if (this.wanted.size === 0) return;
      const ids = [...this.wanted.keys()].slice(0, MOST * AT_ONCE);
      const promised = new Map(ids.map((id) => [id, this.wanted.get(id)]));
      const parts: string[][] = [];
      for (let first = 0; first < ids.length; first += MOST) parts.push(ids.slice(first, first + MOST));
      const found = (await Promise.all(parts.map((part) => this.transport.tasks(part)))).flat();
      const before = ids.flatMap((id) => this.store.confirmedTask(id) ?? []);
      for (const [id, version] of promised) if (this.wanted.get(id) === version) this.wanted.delete(id);
      this.store.together(() => this.place(ids, found));
      this.wantParents(before, found);
      this.listener.derived();
    }
  }

  /** What was saved here has come with its response since the event. */
  private dropKnown(): void {
    for (const [id, version] of this.wanted) {
      const known = this.store.confirmedTask(id);
      if (!known || version === null || known.version < version) continue;
      this.wanted.delete(id);
      this.want(known.parent_id);
    }
  }

  /** Takes tasks that were asked for; those that were not found are deleted. */
  private place(ids: string[], found: Task[]): void {
    const fresh = found.filter((task) => !this.store.confirmedTask(task.id) || this.store.isRemoved(task.id));
    this.store.receive(...found);
    const present = new Set(found.map((task) => task.id));
    for (const id of ids) {
      if (!present.has(id)) this.store.remove(id);
      else if (this.store.isRemoved(id)) this.store.unremove(id);
    }
    if (fresh.length > 0) this.listener.arrived(fresh.map((task) => task.id));
  }

  /** What the tasks above count has changed with a task's status, its parent, or its end. */
  private wantParents(before: Task[], found: Task[]): void {
    const after = new Map(found.map((task) => [task.id, task]));
    const known = new Map(before.map((task) => [task.id, task]));
    for (const id of new Set([...after.keys(), ...known.keys()])) {
      const [old, now] = [known.get(id), after.get(id)];
      if (old?.parent_id === now?.parent_id && old?.status === now?.status) continue;
      this.want(old?.parent_id);
      this.want(now?.parent_id);
    }
  }
}
