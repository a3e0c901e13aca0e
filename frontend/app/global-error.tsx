'use client';

import ErrorPage from './error';
import './globals.css';

/** The same when the layout itself fails. */
export default function GlobalError({ reset }: { reset: () => void }) {
  return (
    <html lang="en">
      <body className="font-sans">
        <ErrorPage reset={reset} />
      </body>
    </html>
  );
}
