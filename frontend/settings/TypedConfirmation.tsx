import { useState } from 'react';

/** A deletion that needs the name of what is deleted, typed. */
export function TypedConfirmation({
  label,
  name,
  action,
  confirm,
}: {
  /** Says what is to be typed. */
  label: string;
  name: string;
  /** What the button says. */
  action: string;
  confirm: () => Promise<unknown>;
}) {
  const [typed, setTyped] = useState('');
  return (
    <form
      className="flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      <label className="flex grow flex-col gap-1">
        <span className="text-muted">{label}</span>
        <input
          className="field"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <button type="submit" className="button border-danger text-danger" disabled={typed.trim() !== name}>
        {action}
      </button>
    </form>
  );
}
