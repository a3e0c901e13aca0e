import type { Label, Task, TaskEdit } from './task';

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
  private readonly listeners = new Set<() => void>();
  private revision = 0;
  private whole = false;
  /** How many callers of `together` are at work. */
  private depth = 0;
  private isChanged = false;

  /** Takes what the server sent. An older version than the known one is ignored. */
  receive(...tasks: Task[]): void {
    for (const task of tasks) {
      const known = this.confirmed.get(task.id);
      if (known && known.version > task.version) continue;
      // A list has no descriptions: the one of the same version is still right.
      const description =
        task.description ?? (known?.version === task.version ? known.description : undefined);
      if (task.description !== undefined) this.descriptions.set(task.id, task.description);
      this.confirmed.set(task.id, { ...task, description });
      this.ids.set(task.key, task.id);
      this.show(task.id);
    }
    this.changed();
  }

  /** Takes the names and colours of all labels; one that is missing was deleted. */
  relabel(labels: Label[]): void {
    const known = new Map(labels.map(({ id, name, color }) => [id, { id, name, color }]));
    for (const [id, task] of this.confirmed) {
      if (task.labels.length === 0) continue;
      this.confirmed.set(id, { ...task, labels: task.labels.flatMap((label) => known.get(label.id) ?? []) });
      this.show(id);
    }
    this.changed();
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

  /** Whether an edit is shown that the server has not confirmed. */
  isPending(id: string): boolean {
    return this.edits.has(id);
  }

  /** How many tasks have edits that are not confirmed. */
  pendingCount(): number {
    return this.edits.size;
  }

  /** Hides a task that was deleted, here or elsewhere. */
  remove(id: string): void {
    this.removed.add(id);
    this.changed();
  }

  /** Whether a task was deleted while this page knew it. */
  isRemoved(id: string): boolean {
    return this.removed.has(id);
  }

  /** Shows it again. */
  unremove(id: string): void {
    this.removed.delete(id);
    this.changed();
  }

  /** Forgets everything: another person or organization. */
  clear(): void {
    for (const map of [this.confirmed, this.edits, this.shown, this.descriptions, this.ids]) map.clear();
    this.removed.clear();
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
    const description = task?.description ?? this.descriptions.get(id);
    if (task) this.shown.set(id, { ...task, description, ...this.edits.get(id) });
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
