import { toast, toastProblem } from '@/components/toast-store';
import { messages } from '@/messages/language';
import { tasks } from './task-store';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** `MIY-12`, `#12` or `12`, as handlers/tasks/src/number.rs reads it. */
const NUMBER = /^(?:([A-Za-z]{2,5})-|#)?([1-9][0-9]{0,17})$/;

/** The number that a text is, as the API takes it: `MIY-12` or `12`; null when it is none. */
export function numberIn(text: string): string | null {
  const [, key, digits] = NUMBER.exec(text.trim()) ?? [];
  if (!digits) return null;
  return key ? `${key.toUpperCase()}-${digits}` : digits;
}

/** Whether a reference to a task in an address is its id. */
export function isTaskId(reference: string): boolean {
  return ID.test(reference);
}

/** How an address names a task: by its number, or by its id while the number is not known. */
export function referenceTo(id: string): string {
  return tasks.get(id)?.key || id;
}

/** Copies the numbers of tasks, separated by spaces. */
export async function copyNumbers(ids: string[]): Promise<void> {
  const keys = ids.flatMap((id) => tasks.get(id)?.key || []).join(' ');
  if (!keys) return;
  try {
    await navigator.clipboard.writeText(keys);
    toast({ text: messages().task.numberCopied(keys) });
  } catch (problem) {
    toastProblem(messages().tasks.failed(messages().keys.copyNumber), problem);
  }
}
