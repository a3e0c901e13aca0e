import type { Label, Task, TaskEdit } from './task';

/** Whether two values of JSON are equal. A field that is missing equals one that is undefined. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false;
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...fields].every((field) => isSame(Reflect.get(one, field), Reflect.get(other, field)));
}

/**
 * Every task that this page knows, once. Lists hold ids; what is shown is what the server confirmed with
 * the edits on top that are not confirmed yet.
 *
 * The live connection (live/live-sync.ts) uses `receive`, `remove` and `unremove`.
 */
export class TaskStore {
  private readonly confirmed = new Map<string, Task>();
  private readonly edits = new Map<string, TaskEdit>();
  private readonly shown = new Map<string, Task>();
  /** The last description of each task that was ever sent with one. */
  private readonly descriptions = new Map<string, string>();
  private readonly removed = new Set<string>();
  private readonly ids = new Map<string, string>();
  /** Tasks that the server does not have yet, and the ids that those have which it got since. */
  private readonly proposed = new Set<string>();
  private readonly accepted = new Map<string, string>();
  private readonly listeners = new Set<() => void>();
  private revision = 0;
  private whole = false;
  /** How many callers of `together` are at work. */
  private depth = 0;
  private isChanged = false;

  /**
   * Takes what the server sent. An older version than the known one is ignored, and so is what is known
   * already: reading a list again draws nothing again.
   */
  receive(...tasks: Task[]): void {
    let isNew = false;
    for (const task of tasks) {
      const known = this.confirmed.get(task.id);
      if (known && known.version > task.version) continue;
      // A list has no descriptions: the one of the same version is still right.
      const next =
        task.description !== undefined || known?.version !== task.version
          ? task
          : { ...task, description: known.description };
      if (task.description !== undefined) this.descriptions.set(task.id, task.description);
      if (known && isSame(known, next)) continue;
      this.confirmed.set(task.id, next);
      if (task.key) this.ids.set(task.key, task.id);
      this.show(task.id);
      isNew = true;
    }
    if (isNew) this.changed();
  }

  /** Takes the names and colours of all labels; one that is missing was deleted. */
  relabel(labels: Label[]): void {
    const known = new Map(labels.map(({ id, name, color }) => [id, { id, name, color }]));
    let isNew = false;
    for (const [id, task] of this.confirmed) {
      const now = task.labels.flatMap((label) => known.get(label.id) ?? []);
      if (isSame(task.labels, now)) continue;
      this.confirmed.set(id, { ...task, labels: now });
      this.show(id);
      isNew = true;
    }
    if (isNew) this.changed();
  }

  /** The task as it is shown: the description may be of an older version until the newer one has come. */
  get(id: string): Task | undefined {
    return this.removed.has(id) ? undefined : this.shown.get(id);
  }

  /** The task as the server last sent it. */
  confirmedTask(id: string): Task | undefined {
    return this.confirmed.get(id);
  }

  /** The id of the task with a key, as `MIY-12`, also of one that was removed. */
  idOf(key: string): string | undefined {
    return this.ids.get(key);
  }

  /** Shows a task that the server does not have yet, under an id that this browser made. */
  propose(task: Task): void {
    this.proposed.add(task.id);
    this.receive(task);
  }

  /** The server has a proposed task, under an id of its own. */
  accept(proposed: string, task: Task): void {
    this.accepted.set(proposed, task.id);
    this.together(() => {
      this.withdraw(proposed);
      this.receive(task);
    });
  }

  /** Forgets a proposed task. */
  withdraw(id: string): void {
    if (!this.proposed.delete(id)) return;
    for (const map of [this.confirmed, this.edits, this.shown, this.descriptions]) map.delete(id);
    this.changed();
  }

  /** Whether the server does not have the task yet. */
  isProposed(id: string): boolean {
    return this.proposed.has(id);
  }

  /** The id that the server gave to a proposed task; any other id as it is. */
  currentId(id: string): string {
    return this.accepted.get(id) ?? id;
  }

  /** The id under which a task was first shown on this page. */
  firstId(id: string): string {
    for (const [proposed, current] of this.accepted) if (current === id) return proposed;
    return id;
  }

  /** Every task that is not removed. */
  all(): Task[] {
    return [...this.shown.values()].filter((task) => !this.removed.has(task.id));
  }

  /** Several changes that listeners hear of once. */
  together(work: () => void): void {
    this.depth += 1;
    try {
      work();
    } finally {
      this.depth -= 1;
      if (this.depth === 0 && this.isChanged) this.changed();
    }
  }

  /** Whether every open task is here, and events keep it so. */
  get isWhole(): boolean {
    return this.whole;
  }

  /** Sets whether it is. */
  setWhole(isWhole: boolean): void {
    if (this.whole === isWhole) return;
    this.whole = isWhole;
    this.changed();
  }

  /** Shows an edit that is not confirmed; null: there is none any more. */
  overlay(id: string, edit: TaskEdit | null): void {
    if (edit && Object.keys(edit).length > 0) this.edits.set(id, edit);
    else this.edits.delete(id);
    this.show(id);
    this.changed();
  }

  /** Whether something of the task is shown that the server has not confirmed. */
  isPending(id: string): boolean {
    return this.edits.has(id) || this.proposed.has(id);
  }

  /** How many tasks are not confirmed as they are shown. */
  pendingCount(): number {
    return new Set([...this.edits.keys(), ...this.proposed]).size;
  }

  /** Hides a task that was deleted, here or elsewhere. */
  remove(id: string): void {
    if (this.removed.has(id)) return;
    this.removed.add(id);
    this.changed();
  }

  /** Whether a task was deleted while this page knew it. */
  isRemoved(id: string): boolean {
    return this.removed.has(id);
  }

  /** Shows it again. */
  unremove(id: string): void {
    if (this.removed.delete(id)) this.changed();
  }

  /** Forgets everything: another person or organization. */
  clear(): void {
    for (const map of [this.confirmed, this.edits, this.shown, this.descriptions, this.ids, this.accepted])
      map.clear();
    this.removed.clear();
    this.proposed.clear();
    this.whole = false;
    this.changed();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Grows with each change; for `useSyncExternalStore`. */
  readonly getRevision = (): number => this.revision;

  private show(id: string): void {
    const task = this.confirmed.get(id);
    if (!task) return;
    const edit = this.edits.get(id);
    const description = task.description ?? this.descriptions.get(id);
    // Most of thousands of tasks have neither: no copy of them is made.
    const isAsConfirmed = !edit && description === task.description;
    this.shown.set(id, isAsConfirmed ? task : { ...task, description, ...edit });
  }

  private changed(): void {
    this.isChanged = this.depth > 0;
    if (this.isChanged) return;
    this.revision += 1;
    for (const listener of this.listeners) listener();
  }
}

/** The tasks of this page. */
export const tasks = new TaskStore();
