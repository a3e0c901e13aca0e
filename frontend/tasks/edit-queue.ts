import type { TextConflict } from './merge-edit';
import { mergeEdit } from './merge-edit';
import { type EditField, fieldsOf, type Task, type TaskEdit } from './task';
import type { TaskStore } from './task-store';

/** What the queue needs of the world; the tests give it a server of their own. */
export type EditTransport = {
  /** Sends a change made from a version. `stale`: the task has another version by now. */
  patch(id: string, version: number, edit: TaskEdit): Promise<Task | 'stale'>;
  /** The task as it is now. */
  fetch(id: string): Promise<Task>;
};

/** What the queue tells people. */
export type EditListener = {
  /** Asks which text is saved; null: theirs. */
  choose(task: Task, conflict: TextConflict): Promise<string | null>;
  /** Mine replaced what somebody else had set at the same time. */
  overwritten(task: Task, fields: EditField[], theirs: TaskEdit): void;
  /** The edit was not saved and is no longer shown. */
  failed(task: Task, edit: TaskEdit, error: unknown): void;
};

type Pending = {
  /** On its way. */
  sent: TaskEdit;
  /** Made since; goes out when the one before is confirmed. */
  waiting: TaskEdit;
  /** The value of each field before its first pending edit. */
  from: TaskEdit;
  isRunning: boolean;
};

/**
 * Edits on their way to the server: shown at once, one request in flight for a task, followers merged.
 * What somebody else changed in the meantime is merged field by field.
 */
export class EditQueue {
  private readonly pending = new Map<string, Pending>();

  constructor(
    private readonly store: TaskStore,
    private readonly transport: EditTransport,
    private readonly listener: EditListener,
  ) {}

  /**
   * Makes an edit. `from` are the values that it was made from, when they are older than what is shown:
   * the text at the time when somebody began to type.
   */
  edit(id: string, edit: TaskEdit, from: TaskEdit = {}): void {
    const task = this.store.get(id);
    if (!task) return;
    const entry = this.pending.get(id) ?? { sent: {}, waiting: {}, from: {}, isRunning: false };
    this.pending.set(id, entry);
    for (const field of fieldsOf(edit)) {
      if (field in entry.from) continue;
      const before = field in from ? from[field] : (task[field] ?? null);
      Object.assign(entry.from, { [field]: before });
    }
    Object.assign(entry.waiting, edit);
    this.show(id, entry);
    if (!entry.isRunning) void this.run(id, entry);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) {
      await new Promise<void>((resolve) => {
        const stop = this.store.subscribe(() => {
          stop();
          resolve();
        });
      });
    }
  }

  private show(id: string, entry: Pending): void {
    this.store.overlay(id, { ...entry.sent, ...entry.waiting });
  }

  private async run(id: string, entry: Pending): Promise<void> {
    entry.isRunning = true;
    while (fieldsOf(entry.waiting).length > 0) {
      entry.sent = entry.waiting;
      entry.waiting = {};
      const fields = fieldsOf(entry.sent);
      try {
        await this.send(id, entry);
      } catch (error) {
        this.giveUp(id, entry, error);
      }
      entry.sent = {};
      // A follower of the same field was made from what is confirmed now. Other fields keep the value
      // that they were made from: somebody else may have changed them since.
      const confirmed = this.store.confirmedTask(id);
      for (const field of fields) {
        if (!(field in entry.waiting)) delete entry.from[field];
        else if (confirmed) Object.assign(entry.from, { [field]: confirmed[field] ?? null });
      }
      this.show(id, entry);
    }
    entry.isRunning = false;
    this.pending.delete(id);
    this.store.overlay(id, null);
  }

  /** Sends until the version is the one that the change was made from. */
  private async send(id: string, entry: Pending): Promise<void> {
    for (;;) {
      const base = this.store.confirmedTask(id);
      if (!base) return;
      // What is not known cannot be compared: an event brought the version without the text.
      if ('description' in entry.sent && base.description === undefined) {
        this.store.receive(await this.transport.fetch(id));
        continue;
      }
      const merge = mergeEdit(entry.sent, entry.from, base);
      const theirs = Object.fromEntries(merge.overwritten.map((field) => [field, base[field] ?? null]));
      for (const conflict of merge.conflicts) {
        const chosen = await this.listener.choose(base, conflict);
        // Whatever was chosen was made from what they saved.
        Object.assign(entry.from, { [conflict.field]: conflict.theirs });
        if (chosen === null) delete entry.sent[conflict.field];
        else Object.assign(merge.send, { [conflict.field]: chosen });
        if (chosen !== null) entry.sent[conflict.field] = chosen;
      }
      if (fieldsOf(merge.send).length === 0) return;
      const answer = await this.transport.patch(id, base.version, merge.send);
      if (answer !== 'stale') {
        this.store.receive(answer);
        if (merge.overwritten.length > 0) this.listener.overwritten(answer, merge.overwritten, theirs);
        return;
      }
      this.store.receive(await this.transport.fetch(id));
    }
  }

  private giveUp(id: string, entry: Pending, error: unknown): void {
    const task = this.store.confirmedTask(id);
    const edit = entry.sent;
    entry.sent = {};
    if (task) this.listener.failed(task, edit, error);
  }
}
