import type { Schema } from '@/api/client';
import { Pause } from './pause';
import type { Task } from './task';
import type { TaskStore } from './task-store';

/** A task that the server does not have yet. */
export type Creation = {
  /** Its id in this browser, and the `Idempotency-Key` of the request that creates it. */
  id: string;
  /** The request. It never changes: what is edited meanwhile is an edit, sent after it. */
  body: Schema['NewTask'];
  /** What is shown. */
  task: Task;
  /** What the person typed, to be offered again when it is refused. */
  typed: Typed;
  /** It was deleted after the request had left: it is deleted at the server, too. */
  isWithdrawn?: boolean;
};
export type Typed = { line: string; description: string };

/** What the queue needs of the world; the tests give it a server of their own. */
export type CreationTransport = {
  create(body: Schema['NewTask'], key: string): Promise<Task>;
  /** Whether the same request can succeed later. */
  isTemporary(error: unknown): boolean;
};

export type CreationListener = {
  /** The server has the task, under an id of its own. Resolves when its edits are stored under it. */
  created(creation: Creation, task: Task): Promise<void>;
  /** It was deleted while it was being created. */
  unwanted(task: Task): void;
  /** The server refused it, and it is no longer shown. It stays stored until `forget`. */
  refused(creation: Creation, error: unknown): void;
};

/** Where creations wait outside of this page: offline/outbox.ts. */
export type CreationOutbox = {
  putCreation(creation: Creation): Promise<void>;
  removeCreation(id: string): Promise<void>;
};

/** How long a creation of an earlier page is not shown while it is sent again, in milliseconds. */
const UNSHOWN = 1_000;
/** How long others wait for the response to a creation at most, in milliseconds. */
const LONGEST_HELD = 2_000;

/**
 * New tasks on their way to the server: shown at once, stored before the request leaves, sent one after the
 * other, so that their numbers have the order in which they were made. A request whose response was lost is
 * sent again with its key, and creates nothing twice: the server remembers keys for 24 hours.
 */
export class CreationQueue {
  private readonly waiting = new Map<string, Creation>();
  /** Whose request left this page, or an earlier one. */
  private readonly tried = new Set<string>();
  private readonly ends = new Set<() => void>();
  private isRunning = false;
  private current: Promise<void> = Promise.resolve();
  private readonly pause = new Pause(() => void this.send());

  constructor(
    private readonly store: TaskStore,
    private readonly transport: CreationTransport,
    private readonly listener: CreationListener,
    private readonly outbox: CreationOutbox,
  ) {}

  /** Creates a task. */
  add(creation: Creation): void {
    this.waiting.set(creation.id, creation);
    this.show();
    void this.outbox.putCreation(creation).then(() => this.send());
  }

  /**
   * Takes creations of a page that is gone. The server may have them already, and the list with it: they are
   * shown when there is no answer soon, so that no task is there twice.
   */
  restore(creations: Creation[]): void {
    for (const creation of creations) {
      this.tried.add(creation.id);
      this.waiting.set(creation.id, creation);
    }
    setTimeout(() => this.show(), UNSHOWN);
    void this.send();
  }

  /**
   * Deletes a task that the server does not have. When its request has left, it may have it: then it is
   * deleted there as well.
   */
  withdraw(id: string): Creation | undefined {
    const creation = this.waiting.get(id);
    this.store.withdraw(id);
    if (!creation) return undefined;
    if (this.tried.has(id)) {
      creation.isWithdrawn = true;
      void this.outbox.putCreation(creation);
    } else {
      this.waiting.delete(id);
      this.forget(id);
      this.ended();
    }
    return creation;
  }

  /** Forgets a creation that was refused: the person has what was typed. */
  forget(id: string): void {
    void this.outbox.removeCreation(id);
  }

  /** The network may be back: sends what waits for it. */
  retry(): void {
    this.pause.end();
  }

  /** Forgets everything: the session has ended. */
  clear(): void {
    this.pause.cancel();
    this.waiting.clear();
    this.ended();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.waiting.size > 0) await new Promise<void>((resolve) => this.ends.add(resolve));
  }

  /** Shows what waits; not what the server has, while the disk has yet to forget it. */
  private show(): void {
    this.store.together(() => {
      for (const { id, task, isWithdrawn } of this.waiting.values()) {
        const isKnown = this.store.isProposed(id) || this.store.currentId(id) !== id;
        if (!isWithdrawn && !isKnown) this.store.propose(task);
      }
    });
  }

  /** Resolves when the request that is under way has its response, or after `LONGEST_HELD`. */
  async answered(): Promise<void> {
    await Promise.race([this.current, new Promise((resolve) => setTimeout(resolve, LONGEST_HELD))]);
  }

  private async send(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      for (const creation of this.waiting.values()) {
        if (this.pause.isOn) break;
        this.current = this.sendOne(creation);
        await this.current;
      }
    } finally {
      this.isRunning = false;
    }
    // One may have come after the last was looked at.
    if (!this.pause.isOn && this.waiting.size > 0) void this.send();
  }

  private async sendOne(creation: Creation): Promise<void> {
    const { id } = creation;
    const isOurs = () => this.waiting.get(id) === creation;
    this.tried.add(id);
    try {
      const task = await this.transport.create(creation.body, id);
      if (!isOurs()) return;
      this.pause.reset();
      if (creation.isWithdrawn) this.listener.unwanted(task);
      else await this.listener.created(creation, task);
      await this.outbox.removeCreation(id);
    } catch (error) {
      if (!isOurs()) return;
      if (this.transport.isTemporary(error)) {
        this.show();
        return this.pause.begin();
      }
      this.store.withdraw(id);
      if (creation.isWithdrawn) this.forget(id);
      else this.listener.refused(creation, error);
    }
    this.waiting.delete(id);
    this.ended();
  }

  private ended(): void {
    if (this.waiting.size > 0) return;
    for (const resolve of this.ends) resolve();
    this.ends.clear();
  }
}
