'use client';

import { useSyncExternalStore } from 'react';
import { useMessages } from '@/messages/language';
import { undo } from '@/tasks/history';
import { Glyph } from './icons';
import { closeToast, type Toast, toast, toasts } from './toast-store';

const NONE: readonly Toast[] = [];

/** The short messages at the bottom left. */
export function Toasts() {
  const m = useMessages();
  const shown = useSyncExternalStore(toasts.subscribe, toasts.shown, () => NONE);
  async function takeBack(message: Toast) {
    closeToast(message.id);
    if (message.undo && (await undo(message.undo)) === 'undone') toast({ text: m.tasks.undone });
  }
  return (
    <div
      role="status"
      className="pointer-events-none fixed bottom-16 left-2 z-30 flex w-[calc(100vw-1rem)] max-w-md flex-col gap-2 sm:bottom-3 sm:left-3"
    >
      {shown.map((message) => (
        <div
          key={message.id}
          className={`pointer-events-auto flex items-start gap-3 rounded-md border bg-raised px-3 py-2 text-ink shadow-lg ${message.isError ? 'border-danger' : 'border-line-strong'}`}
        >
          <div className="min-w-0 grow break-words py-0.5">
            <p>{message.text}</p>
            {message.detail && <p className="text-muted text-xs">{message.detail}</p>}
          </div>
          {message.undo && (
            <button type="button" className="link-button" onClick={() => void takeBack(message)}>
              {m.app.undo}
            </button>
          )}
          {message.retry && (
            <button
              type="button"
              className="link-button"
              onClick={() => {
                closeToast(message.id);
                message.retry?.();
              }}
            >
              {m.app.retry}
            </button>
          )}
          <button
            type="button"
            className="icon-button"
            aria-label={m.app.close}
            onClick={() => closeToast(message.id)}
          >
            <Glyph name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
