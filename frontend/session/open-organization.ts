import { switchOrganization } from './access-token';

/** Opens another organization of the reader, with nothing of the present one in memory. */
export async function openOrganization(id: string): Promise<void> {
  const { dropSnapshot } = await import('@/offline/snapshot');
  await dropSnapshot();
  await switchOrganization(id);
  location.assign('/tasks/');
}
