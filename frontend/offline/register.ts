/** Installs the service worker when the page has nothing better to do; not with `next dev`. */
export function registerWorker(): void {
  if (process.env.NODE_ENV !== 'production' || !('serviceWorker' in navigator)) return;
  const register = () => {
    // Without it everything works but for a reload without a network.
    navigator.serviceWorker.register('/sw.js').catch(() => {});
  };
  if ('requestIdleCallback' in window) requestIdleCallback(register, { timeout: 5_000 });
  else setTimeout(register, 2_000);
}
