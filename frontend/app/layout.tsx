import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { Providers } from '@/components/Providers';
import { en } from '@/messages/en';
import './globals.css';

export const metadata: Metadata = {
  title: { default: en.app.name, template: `%s - ${en.app.name}` },
  description: en.app.description,
  icons: { icon: '/favicon.svg' },
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#ffffff' },
    { media: '(prefers-color-scheme: dark)', color: '#0b1120' },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // The script before the first paint sets the theme, the chosen language the other attribute. The export
    // gets the script afterwards (scripts/move-inline-scripts.mjs): React would make it by HTML when it draws
    // a page again that something has changed before it, a translation for example, and Trusted Types refuse that.
    <html lang="en" suppressHydrationWarning>
      <head>{process.env.NODE_ENV === 'development' && <script src="/theme.js" />}</head>
      <body className="font-sans antialiased">
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
