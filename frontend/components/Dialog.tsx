'use client';

import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useMessages } from '@/messages/language';
import { Glyph } from './icons';

/** A modal dialog of the browser: it keeps the focus, closes by Escape, and gives the focus back. */
export function Dialog({
  title,
  onClose,
  children,
  isTitleHidden = false,
  isWide = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  isTitleHidden?: boolean;
  isWide?: boolean;
}) {
  const m = useMessages();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    // The browser would give the focus to the button that closes it.
    element?.querySelector<HTMLElement>('input, textarea, [tabindex="0"]')?.focus();
    return () => {
      element?.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className={`m-0 mx-auto mt-[12vh] max-h-[80vh] w-[calc(100vw-1rem)] overflow-hidden rounded-lg border border-line-strong bg-page p-0 text-ink shadow-xl backdrop:bg-black/40 ${isWide ? 'max-w-3xl' : 'max-w-lg'}`}
    >
      <div className="flex max-h-[80vh] flex-col">
        <div
          className={
            isTitleHidden
              ? 'sr-only'
              : 'flex h-11 shrink-0 items-center justify-between border-line border-b pr-2 pl-4'
          }
        >
          <h2 id={id} className="font-semibold">
            {title}
          </h2>
          {!isTitleHidden && (
            <button type="button" className="icon-button" aria-label={m.app.close} onClick={onClose}>
              <Glyph name="close" />
            </button>
          )}
        </div>
        {children}
      </div>
    </dialog>
  );
}
