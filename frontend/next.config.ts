import type { NextConfig } from 'next';

/** What every page has: texts, client, session, the parts around a page. Japanese is loaded by itself. */
const SHARED =
  /[\\/]frontend[\\/](?:messages[\\/](?!ja)|api|session|keyboard|tasks[\\/](?:task|task-store|arrivals|derived|due-date|list-query|history)\.ts|components[\\/](?:icons|Toasts|toast-store|Providers|PlainPage|part|idle|SkeletonRows|ProblemNote)\.)|node_modules[\\/](?:swr|openapi-fetch|use-sync-external-store|dequal)[\\/]/;

/** What changes tasks and keeps them in the browser: the frame needs it, and many parts of pages. */
const WORK =
  /[\\/]frontend[\\/](?:tasks[\\/](?:task-actions|task-queue|edit-queue|creations|creation-queue|drafts|unsent|last-edits|merge-edit|removal|conflict-store|pause)\.ts|offline[\\/](?:outbox|snapshot)\.ts)|node_modules[\\/]idb-keyval[\\/]/;

/** What the frame and the first rows of pages have in common: loaded with them, in one request. */
const FRAME =
  /[\\/]frontend[\\/](?:(?:api|keyboard|session)[\\/]|messages[\\/](?:dates|formats)\.|components[\\/](?:Avatar|PageBar|overlay-store)\.|inbox[\\/]inbox-changes\.|live[\\/](?:live-store|settled-seq)\.|projects[\\/]use-projects\.|views[\\/](?:use-views|view-query)\.|tasks[\\/](?:DueDay|LabelChip|derive-list|row-marks|task-commands|task-number|use-people|use-row-focus|use-task-reference|use-tasks)\.)|node_modules[\\/](?:swr|tinykeys)[\\/]/;

/** What opens over a page, once it is idle or by a key: together they compress to less, and are read in one request. */
const OVER =
  /[\\/]frontend[\\/](?:tasks[\\/](?:FieldPicker|PlacePicker|CreateTaskDialog|ConflictDialog|quick-add)\.|projects[\\/]ProjectPicker\.|inbox[\\/]SnoozePicker\.|views[\\/]ViewDialog\.|components[\\/](?:Palette|ShortcutSheet|Picker|Dialog)\.)/;

/** The settings but for the import, whose reader of files is as large as they are. */
const SETTINGS =
  /[\\/]frontend[\\/](?:settings[\\/](?!messages\.ja)|projects[\\/](?:Projects|messages(?!\.ja))|tokens[\\/](?!messages\.ja))/;

/** An open task, with what reads the text in it: nothing that the list needs. */
const DRAWER =
  /[\\/]frontend[\\/](?:markdown[\\/]|tasks[\\/](?:TaskDrawer|DrawerBar|TaskFields|TextField|TaskComments|MentionField|mention)\.)/;

/** What Next.js brings has chunks of its own. */
const OURS = /[\\/]frontend[\\/](?!node_modules[\\/](?:next|react|react-dom|scheduler|@swc)[\\/])/;

/**
 * Next.js gives each layout and page a copy of what is smaller than 20 kB, and a page loads five of them.
 * This makes one chunk of it, which all pages load once, and one of what several parts load later.
 */
function shareOnce(cacheGroups: Record<string, unknown>): void {
  cacheGroups.shared = {
    name: 'shared',
    test: (module: { resource?: string }) => SHARED.test(module.resource ?? ''),
    chunks: 'initial',
    enforce: true,
    priority: 50,
  };
  cacheGroups.work = {
    name: 'work',
    test: (module: { resource?: string }) => WORK.test(module.resource ?? ''),
    chunks: 'async',
    enforce: true,
    priority: 50,
  };
  cacheGroups.frame = {
    name: 'frame',
    test: (module: { resource?: string }) => FRAME.test(module.resource ?? ''),
    chunks: 'async',
    enforce: true,
    priority: 45,
  };
  cacheGroups.over = {
    name: 'over',
    test: (module: { resource?: string }) => OVER.test(module.resource ?? ''),
    chunks: 'async',
    enforce: true,
    priority: 50,
  };
  // Loaded only where Japanese is chosen, and by any part: together they compress to less.
  cacheGroups.japanese = {
    name: 'ja',
    test: /[\\/]frontend[\\/](?:\w+[\\/]messages\.ja|messages[\\/]ja)\.ts/,
    chunks: 'async',
    enforce: true,
    priority: 60,
  };
  cacheGroups.drawer = {
    name: 'drawer',
    test: (module: { resource?: string }) => DRAWER.test(module.resource ?? ''),
    chunks: 'async',
    enforce: true,
    priority: 50,
  };
  // Tabs that look alike: together they compress to less, and the second one is there at once.
  cacheGroups.settings = {
    name: 'settings',
    test: (module: { resource?: string }) => SETTINGS.test(module.resource ?? ''),
    chunks: 'async',
    enforce: true,
    priority: 50,
  };
  // What two of the other parts that are loaded later have in common is in one chunk, and in none of them.
  cacheGroups.later = {
    name: 'later',
    test: OURS,
    chunks: 'async',
    minChunks: 2,
    enforce: true,
    priority: 40,
  };
}

/**
 * A static export that knows no stage: everything that differs between stages comes from the API, under
 * the site's own address.
 */
const config: NextConfig = {
  output: 'export',
  trailingSlash: true,
  poweredByHeader: false,
  reactStrictMode: true,
  // The deployer names a build by the hash of its sources: the same sources, the same files.
  generateBuildId: () => process.env.MIYABI_SITE_BUILD?.slice(0, 16) || 'development',
  // `next/image` needs a server; pictures here are avatars of 24 px.
  images: { unoptimized: true },
  // Linting is Biome's, in the tests.
  eslint: { ignoreDuringBuilds: true },
  webpack(webpackConfig, { isServer }) {
    if (!isServer) shareOnce(webpackConfig.optimization.splitChunks.cacheGroups);
    return webpackConfig;
  },
  // A lockfile of a folder above must not move the root.
  outputFileTracingRoot: import.meta.dirname,
};

// `next dev` has no API of its own: requests go to the stage that MIYABI_API names, by default `local`.
if (process.env.NODE_ENV === 'development') {
  const api = process.env.MIYABI_API ?? 'http://127.0.0.1:4000';
  config.output = undefined;
  config.rewrites = async () => [{ source: '/api/:path*', destination: `${api}/api/:path*` }];
}

export default config;
