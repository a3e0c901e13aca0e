/*
 * The service worker: the pages of the last visit open without a network. It never touches the API; what
 * people read there is kept by offline/snapshot.ts.
 *
 * The build puts what it made in front of this file (scripts/list-offline-files.mjs): `BUILD`, its name, and
 * `FILES`, the pages, scripts and styles. Each release has a cache of its own, which the next one deletes.
 */
/* global BUILD, FILES */
const NAME = `miyabi-${BUILD}`;
/** How long the network may take to answer for a page that is in the cache, in milliseconds. */
const PATIENCE = 2000;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  const old = (name) => name.startsWith('miyabi-') && name !== NAME;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname.startsWith('/api/')) return;
  const isHashed = url.pathname.startsWith('/_next/static/');
  event.respondWith(isHashed ? cacheFirst(event.request) : networkFirst(event.request));
});

async function cacheFirst(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await keep(request, response);
  return response;
}

async function networkFirst(request) {
  const kept = await caches.match(request, { ignoreSearch: true });
  if (!kept) return fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, kept));
  // An answer that comes too late is not lost: the next visit has it.
  const fresh = fetch(request).then(async (response) => {
    if (response.ok && !response.redirected) await keep(request, response);
    return response;
  });
  return Promise.race([fresh.catch(() => kept), late]);
}

/** A page is kept once, whatever its query. */
async function keep(request, response) {
  const cache = await caches.open(NAME);
  const url = new URL(request.url);
  await cache.put(url.origin + url.pathname, response.clone());
}
