import type { EditListener, EditTransport, Outbox, UnsentEdit, VersionedEdit } from './edit-transport';
import { mergeEdit } from './merge-edit';
import { Pause } from './pause';
import { fieldsOf, type TaskEdit, valuesOf } from './task';
import type { TaskStore } from './task-store';

type Pending = {
  /** On its way. */
  sent: TaskEdit;
  /** Made since; goes out when the one before is confirmed. */
  waiting: TaskEdit;
  /** The value of each field before its first pending edit. */
  from: TaskEdit;
  isRunning: boolean;
};

/** Most changes of one request. */
const MOST = 100;
/** How often several changes may be made from old versions before each is sent alone. */
const ATTEMPTS = 3;

/**
 * Edits on their way to the server: shown at once, stored before the request leaves, one request in flight
 * for a task, followers merged. What somebody else changed in the meantime is merged field by field.
 *
 * A request that is repeated, because its response was lost or the page was closed, is harmless: each change
 * names the version that it was made from, and finds after a refusal that nothing is left to be sent.
 */
export class EditQueue {
  private readonly pending = new Map<string, Pending>();
  private readonly ends = new Set<() => void>();
  private readonly pause = new Pause(() => this.send());

  constructor(
    private readonly store: TaskStore,
    private readonly transport: EditTransport,
    private readonly listener: EditListener,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Makes an edit. `from` are the values that it was made from, when they are older than what is shown:
   * the text at the time when somebody began to type.
   */
  edit(id: string, edit: TaskEdit, from: TaskEdit = {}): void {
    this.editAll(new Map([[id, edit]]), from);
  }

  /** Makes edits of several tasks, which are sent together. */
  editAll(edits: ReadonlyMap<string, TaskEdit>, from: TaskEdit = {}): void {
    const known: string[] = [];
    this.store.together(() => {
      for (const [id, edit] of edits) {
        const task = this.store.get(id);
        if (!task) continue;
        this.stage(id, edit, { ...valuesOf(task, edit), ...from });
        known.push(id);
      }
    });
    this.keepAndSend(known);
  }

  /** Takes edits of a page that is gone. They are shown as soon as their tasks are known. */
  restore(edits: UnsentEdit[]): void {
    this.store.together(() => {
      for (const { task, edit, from } of edits) this.stage(task, edit, from);
    });
    this.keepAndSend(edits.map(({ task }) => task));
  }

  /** A proposed task has an id of the server: its edits, which waited for that, are sent under it. */
  async follow(proposed: string, id: string): Promise<void> {
    const entry = this.pending.get(proposed);
    if (!entry) return;
    this.pending.delete(proposed);
    this.pending.set(id, entry);
    this.show(id, entry);
    await this.keep([id]);
    await this.outbox.remove([proposed]);
    this.send();
  }

  /** Gives up the edits of a proposed task that will not be created, and returns them. */
  giveUp(proposed: string): TaskEdit {
    const edit = this.pending.get(proposed)?.waiting ?? {};
    this.pending.delete(proposed);
    void this.outbox.remove([proposed]);
    this.ended();
    return edit;
  }

  /** The network may be back: sends what waits for it. */
  retry(): void {
    this.pause.end();
  }

  /** Forgets everything: the session has ended. */
  clear(): void {
    this.pause.cancel();
    this.pending.clear();
    this.ended();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await new Promise<void>((resolve) => this.ends.add(resolve));
  }

  private stage(id: string, edit: TaskEdit, from: TaskEdit): void {
    const entry = this.pending.get(id) ?? { sent: {}, waiting: {}, from: {}, isRunning: false };
    this.pending.set(id, entry);
    // What an earlier edit was made from stays what a later one of the same field is compared with.
    entry.from = { ...from, ...entry.from };
    Object.assign(entry.waiting, edit);
    this.show(id, entry);
  }

  private show(id: string, entry: Pending): void {
    this.store.overlay(id, { ...entry.sent, ...entry.waiting });
  }

  private async keep(ids: string[]): Promise<void> {
    const edits = ids.flatMap((task) => {
      const entry = this.pending.get(task);
      return entry ? [{ task, edit: { ...entry.sent, ...entry.waiting }, from: entry.from }] : [];
    });
    await this.outbox.put(edits);
  }

  /** Stored first: a page that is closed in the next moment loses nothing. */
  private keepAndSend(ids: string[]): void {
    void this.keep(ids).then(() => this.send());
  }

  private send(): void {
    if (this.pause.isOn) return;
    const isReady = (id: string, entry: Pending) =>
      !entry.isRunning && fieldsOf(entry.waiting).length > 0 && !this.store.isProposed(id);
    const ready = [...this.pending].flatMap(([id, entry]) => (isReady(id, entry) ? [id] : []));
    for (let first = 0; first < ready.length; first += MOST) void this.run(ready.slice(first, first + MOST));
  }

  /** Sends the edits of tasks that have none on their way, until nothing waits. */
  private async run(ids: string[]): Promise<void> {
    const mine = ids.flatMap((id) => {
      const entry = this.pending.get(id);
      return entry ? [[id, entry] as const] : [];
    });
    for (const [, entry] of mine) entry.isRunning = true;
    if (mine.length > 1) {
      await this.runTogether(mine);
      this.finish(mine.filter(([, entry]) => fieldsOf(entry.waiting).length === 0));
    }
    // Each ends for itself: one of them may wait for the answer of a person.
    const rest = mine.filter(([, entry]) => entry.isRunning);
    await Promise.all(
      rest.map(async ([id, entry]) => {
        await this.runAlone(id, entry);
        this.finish([[id, entry]]);
      }),
    );
  }

  /** What still waits, waits for the network. After the end of the session the entries are gone already. */
  private finish(entries: (readonly [string, Pending])[]): void {
    const done: string[] = [];
    this.store.together(() => {
      for (const [id, entry] of entries) {
        entry.isRunning = false;
        if (fieldsOf(entry.waiting).length > 0 || this.pending.get(id) !== entry) continue;
        this.pending.delete(id);
        this.store.overlay(id, null);
        done.push(id);
      }
    });
    void this.outbox.remove(done);
    this.ended();
  }

  private ended(): void {
    if (this.pending.size > 0) return;
    for (const resolve of this.ends) resolve();
    this.ends.clear();
  }

  /**
   * Sends what needs no question in one request. What is left in `waiting` is sent alone: texts that two
   * people wrote, and everything when one of the changes is refused, so that each failure names its task.
   * What was made of several meanwhile goes out in one request as well.
   */
  private async runTogether(mine: (readonly [string, Pending])[]): Promise<void> {
    let refusals = 0;
    while (refusals < ATTEMPTS && !this.pause.isOn) {
      const changes: VersionedEdit[] = [];
      for (const [id, entry] of mine) {
        const task = this.store.confirmedTask(id);
        if (!task || (entry.waiting.description !== undefined && task.description === undefined)) continue;
        const merge = mergeEdit(entry.waiting, entry.from, task);
        if (merge.conflicts.length > 0 || merge.overwritten.length > 0) continue;
        if (fieldsOf(merge.send).length > 0) changes.push({ task, edit: merge.send });
      }
      if (changes.length < 2) return;
      const sent = mine.filter(([id]) => changes.some(({ task }) => task.id === id));
      for (const [, entry] of sent) {
        entry.sent = entry.waiting;
        entry.waiting = {};
      }
      const isSaved = await this.sendTogether(changes);
      for (const [id, entry] of sent) {
        if (isSaved === true) this.settle(id, entry);
        else this.putBack(entry);
      }
      if (isSaved === false) return;
      if (isSaved === 'stale') refusals += 1;
    }
  }

  private async sendTogether(changes: VersionedEdit[]): Promise<boolean | 'stale'> {
    try {
      const answer = await this.transport.patchAll(changes);
      if (answer !== 'stale') {
        this.store.receive(...answer);
        return true;
      }
      this.store.receive(...(await this.transport.fetchAll(changes.map(({ task }) => task.id))));
      return 'stale';
    } catch (error) {
      if (this.transport.isTemporary(error)) this.pause.begin();
      return false;
    }
  }

  private async runAlone(id: string, entry: Pending): Promise<void> {
    while (fieldsOf(entry.waiting).length > 0 && !this.pause.isOn && this.pending.get(id) === entry) {
      entry.sent = entry.waiting;
      entry.waiting = {};
      try {
        await this.sendAlone(id, entry);
      } catch (error) {
        if (this.transport.isTemporary(error)) {
          this.putBack(entry);
          this.pause.begin();
          return;
        }
        if (this.pending.get(id) === entry) this.listener.failed(id, entry.sent, error);
      }
      this.settle(id, entry);
    }
  }

  /** Sends until the version is the one that the change was made from. */
  private async sendAlone(id: string, entry: Pending): Promise<void> {
    for (;;) {
      const base = this.store.confirmedTask(id);
      // What is not known cannot be compared: an event brought the version without the text.
      if (!base || ('description' in entry.sent && base.description === undefined)) {
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
      const answer = await this.transport.patch({ task: base, edit: merge.send });
      if (answer !== 'stale') {
        this.store.receive(answer);
        if (merge.overwritten.length > 0) this.listener.overwritten(answer, merge.overwritten, theirs);
        return;
      }
      this.store.receive(await this.transport.fetch(id));
    }
  }

  /** Nothing is on its way any more; what was made since waits for its turn. */
  private settle(id: string, entry: Pending): void {
    const fields = fieldsOf(entry.sent);
    entry.sent = {};
    this.pause.reset();
    // A follower of the same field was made from what is confirmed now. Other fields keep the value
    // that they were made from: somebody else may have changed them since.
    const confirmed = this.store.confirmedTask(id);
    for (const field of fields) {
      if (!(field in entry.waiting)) delete entry.from[field];
      else if (confirmed) Object.assign(entry.from, { [field]: confirmed[field] ?? null });
    }
    if (this.pending.get(id) !== entry) return;
    this.show(id, entry);
    if (fieldsOf(entry.waiting).length > 0) void this.keep([id]);
  }

  private putBack(entry: Pending): void {
    entry.waiting = { ...entry.sent, ...entry.waiting };
    entry.sent = {};
  }
}
