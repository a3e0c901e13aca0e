// Runs before the first paint, so that a dark page is never white for a moment. A file of its own: the
// content security policy refuses inline scripts.
(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  function apply() {
    const chosen = localStorage.getItem('miyabi-theme');
    const isDark = chosen === 'dark' || (chosen !== 'light' && dark.matches);
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  }
  dark.addEventListener('change', apply);
  addEventListener('storage', apply);
  addEventListener('miyabi-theme', apply);
  apply();
})();
