import type { Page } from '@playwright/test';

/** Everything that this browser keeps in IndexedDB, as `database store key` with its value. */
export function keptInBrowser(page: Page): Promise<[string, unknown][]> {
  return page.evaluate(async () => {
    const wait = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const found: [string, unknown][] = [];
    for (const { name } of await indexedDB.databases()) {
      if (!name) continue;
      const database = await wait(indexedDB.open(name));
      for (const store of [...database.objectStoreNames]) {
        const reading = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([wait(reading.getAllKeys()), wait(reading.getAll())]);
        keys.forEach((key, index) => {
          found.push([`${name} ${store} ${key}`, values[index]]);
        });
      }
      database.close();
    }
    return found;
  });
}

type KeptTask = { id: string; title: string; version: number; priority: string; status: string };
type Kept = { id: string; isWhole: boolean; tasks: KeptTask[]; removed?: string[] };

/** The snapshot that this browser keeps, with its journal; undefined when it keeps none. */
export async function keptSnapshot(page: Page): Promise<Kept | undefined> {
  const kept = await keptInBrowser(page);
  const value = (name: string) => kept.find(([key]) => key.endsWith(` ${name}`))?.[1] as Kept | undefined;
  const [snapshot, journal] = [value('snapshot'), value('journal')];
  if (!snapshot || !journal || journal.id !== snapshot.id) return snapshot;
  const isOld = ({ id }: { id: string }) =>
    journal.removed?.includes(id) || journal.tasks.some((task) => task.id === id);
  const tasks = [...snapshot.tasks.filter((task) => !isOld(task)), ...journal.tasks];
  return { ...journal, tasks };
}

/** The titles of the tasks that this browser keeps. */
export async function keptTitles(page: Page): Promise<string[]> {
  return (await keptSnapshot(page))?.tasks.map(({ title }) => title) ?? [];
}

/** How many edits this browser keeps that the server has not confirmed. */
export async function keptEdits(page: Page): Promise<number> {
  return (await keptInBrowser(page)).filter(([key]) => key.includes(' edit ')).length;
}
