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

/** The titles of the tasks that this browser keeps. */
export async function keptTitles(page: Page): Promise<string[]> {
  const kept = await keptInBrowser(page);
  const snapshot = kept.find(([key]) => key.endsWith(' snapshot'))?.[1] as
    | { tasks: { title: string }[] }
    | undefined;
  return snapshot?.tasks.map(({ title }) => title) ?? [];
}

/** How many edits this browser keeps that the server has not confirmed. */
export async function keptEdits(page: Page): Promise<number> {
  return (await keptInBrowser(page)).filter(([key]) => key.includes(' edit ')).length;
}
