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

/** What belongs to a build, as its cache does: it comes from there and is not asked for again. */
const isOfBuild = (path) => path.startsWith('/_next/static/') || path === '/theme.js';

self.addEventListener('install', (event) => {
  // Where the browser can: the API is asked, and what is in `FILES` is read, without waking this worker.
  const from = (source, ...paths) =>
    paths.map((pathname) => ({ condition: { urlPattern: { pathname } }, source }));
  event.addRoutes?.([
    ...from('network', '/api/*'),
    ...from({ cacheName: NAME }, ...['chunks', 'css', 'inline'].map((folder) => `/_next/static/${folder}/*`)),
    ...from({ cacheName: NAME }, '/theme.js'),
  ]);
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
      // The page is on its way while this worker starts.
      .then(() => self.registration.navigationPreload?.enable())
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname.startsWith('/api/')) return;
  event.respondWith(isOfBuild(url.pathname) ? cacheFirst(event.request) : networkFirst(event));
});

async function cacheFirst(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await keep(request, response);
  return response;
}

async function networkFirst({ request, preloadResponse }) {
  const answer = Promise.resolve(preloadResponse).then((preloaded) => preloaded ?? fetch(request));
  const kept = await caches.match(request, { ignoreSearch: true });
  if (!kept) return answer;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, kept));
  // An answer that comes too late is not lost: the next visit has it.
  const fresh = answer.then(async (response) => {
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
