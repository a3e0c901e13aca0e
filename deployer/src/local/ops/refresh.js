// Replaces the graphs every ten seconds by those of the page as it is now, so that where somebody has
// scrolled to, or what they have selected outside of the graphs, stays. A page in the background waits.
const EVERY_MS = 10_000;

async function refresh() {
  if (document.hidden) return;
  const response = await fetch(location.href, { cache: 'no-store' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const graphs = page.getElementById('graphs');
  if (graphs !== null) document.getElementById('graphs').replaceWith(graphs);
}

setInterval(() => {
  refresh().catch(() => {
    // The stage is stopped or being replaced: say how old the figures are, and try again.
    document.querySelector('.updated').classList.add('stale');
  });
}, EVERY_MS);
