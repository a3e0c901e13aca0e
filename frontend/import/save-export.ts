type Part = { data?: string; response: Response };

/** Reads every part of an export and has the browser save them as one file of NDJSON. */
export async function saveExport(
  name: string,
  read: (query: { cursor?: string }) => Promise<Part>,
): Promise<void> {
  const parts: string[] = [];
  let cursor: string | undefined;
  do {
    const { data, response } = await read({ cursor });
    parts.push(data ?? '');
    cursor = response.headers.get('x-next-cursor') ?? undefined;
  } while (cursor);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts, { type: 'application/x-ndjson' }));
  link.download = `${name}.ndjson`;
  link.click();
  URL.revokeObjectURL(link.href);
}
