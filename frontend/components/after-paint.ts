import { startTransition, useEffect, useState } from 'react';

/** Calls `work` when the next frame is painted, unless the function that it returns was called before. */
export function afterPaint(work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // A frame's callbacks come before it is painted, a timer after. A page that nobody sees has no frames.
  const frame = document.hidden ? 0 : requestAnimationFrame(() => wait());
  function wait(): void {
    timer = setTimeout(work);
  }
  if (document.hidden) wait();
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

/**
 * Whether what is drawn without it has been painted once: for what below a first sight can come a frame
 * later, so that the first sight comes sooner.
 */
export function useAfterPaint(): boolean {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => afterPaint(() => startTransition(() => setPainted(true))), []);
  return isPainted;
}
