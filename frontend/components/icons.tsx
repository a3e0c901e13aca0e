import type { ReactNode } from 'react';
import type { Priority, Status } from '@/tasks/task';

/** Drawn on a grid of 16 px, in the colour of the text around them. They say nothing to screen readers. */
function Icon({ children, className = '' }: { children: ReactNode; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={`shrink-0 ${className}`}
    >
      {children}
    </svg>
  );
}

const PATHS = {
  tasks: 'M2.5 4.5l1 1 2-2M2.5 11.5l1 1 2-2M8.5 4.5h5M8.5 11.5h5',
  mine: 'M8 8a2.75 2.75 0 100-5.5A2.75 2.75 0 008 8zM2.75 13.5a5.25 5.25 0 0110.5 0',
  dashboard: 'M2.5 13.5v-5M6.2 13.5v-8M9.8 13.5v-6M13.5 13.5v-11',
  activity: 'M1.5 8h3l2-5 3 10 2-5h3',
  trash: 'M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 7v4M9.3 7v4',
  settings: 'M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7M9 3v3M3.5 10v3',
  inbox: 'M2.5 9l2-6h7l2 6v4.5h-11zM2.5 9h3.2l1 1.5h2.6l1-1.5h3.2',
  project: 'M2.5 4h4l1.5 2h5.5v7h-11z',
  archive: 'M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 8.5h3',
  clock: 'M8 13.5a5.5 5.5 0 100-11 5.5 5.5 0 000 11zM8 5v3l2 1.5',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 100-4 2 2 0 000 4z',
  mail: 'M2.5 4h11v8.5h-11zM2.5 4.5L8 9l5.5-4.5',
  star: 'M8 2.5l1.7 3.6 3.9.5-2.9 2.7.8 3.9L8 11.3l-3.5 1.9.8-3.9-2.9-2.7 3.9-.5z',
  up: 'M8 13V3.5M4 7l4-4 4 4',
  down: 'M8 3v9.5M4 9l4 4 4-4',
  reorder: 'M8 2.5v11M5 5.5l3-3 3 3M5 10.5l3 3 3-3',
  first: 'M8 13.5V6M4 9.5l4-4 4 4M3.5 2.5h9',
  last: 'M8 2.5V10M4 6.5l4 4 4-4M3.5 13.5h9',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.5 10.5l3 3',
  close: 'M4 4l8 8M12 4l-8 8',
  sidebar: 'M2.5 3h11v10h-11zM6 3v10',
  calendar: 'M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5V4M10.5 2.5V4',
  label: 'M2.5 2.5h5l6 6-5 5-6-6zM5.2 5.2h.01',
  check: 'M3.5 8.5l3 3 6-7',
  list: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  board: 'M2.5 3h3v10h-3zM6.5 3h3v6h-3zM10.5 3h3v8h-3z',
  move: 'M5.5 3.5L2.5 8l3 4.5M10.5 3.5l3 4.5-3 4.5M2.5 8h11',
  link: 'M6.5 9.5l3-3M7 4.5l1-1a3 3 0 014.2 4.2l-1 1M9 11.5l-1 1a3 3 0 01-4.2-4.2l1-1',
  branch: 'M4 2.5V11h4M4 6h4M10.5 6h3M10.5 11h3',
  comment: 'M2.5 3h11v7.5H7.5l-3 3v-3h-2z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  sort: 'M4.5 3v10M4.5 13L2 10.5M4.5 13L7 10.5M9.5 4h4.5M9.5 8h3M9.5 12h1.5',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture by its name. */
export function Glyph({ name, className }: { name: IconName; className?: string }) {
  return (
    <Icon className={className}>
      <path d={PATHS[name]} />
    </Icon>
  );
}

/** A status as shape and colour, so that neither has to be told apart alone. */
export function StatusGlyph({ status }: { status: Status }) {
  switch (status) {
    case 'pending':
      return (
        <Icon className="text-muted">
          <circle cx="8" cy="8" r="5.5" strokeDasharray="2.2 1.9" />
        </Icon>
      );
    case 'in_progress':
      return (
        <Icon className="text-violet">
          <circle cx="8" cy="8" r="5.5" />
          <path d="M8 5a3 3 0 010 6z" fill="currentColor" stroke="none" />
        </Icon>
      );
    case 'completed':
      return (
        <Icon className="text-green">
          <circle cx="8" cy="8" r="5.5" />
          <path d="M5.5 8.2l1.8 1.8 3.3-3.8" />
        </Icon>
      );
    case 'failed':
      return (
        <Icon className="text-danger">
          <path d="M8 2.5l5.5 10.5h-11zM8 6.5v3M8 11.2h.01" />
        </Icon>
      );
    case 'cancelled':
      return (
        <Icon className="text-muted">
          <circle cx="8" cy="8" r="5.5" />
          <path d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4" />
        </Icon>
      );
  }
}

/** A priority as bars: three for high, and a filled square for urgent. */
export function PriorityGlyph({ priority }: { priority: Priority }) {
  if (priority === 'p0') {
    return (
      <Icon className="text-danger">
        <path d="M2.5 2.5h11v11h-11z" fill="currentColor" />
        <path d="M8 5v3.5M8 11h.01" className="stroke-page" />
      </Icon>
    );
  }
  const bars = { p1: 3, p2: 2, p3: 1 }[priority];
  return (
    <Icon className="text-muted">
      {[0, 1, 2].map((bar) => (
        <path
          key={bar}
          d={`M${4 + bar * 4} 13V${10 - bar * 3}`}
          strokeWidth="2"
          className={bar < bars ? '' : 'opacity-25'}
        />
      ))}
    </Icon>
  );
}

/** The mark of the application: three branches of a maple. */
export function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" className="shrink-0">
      <rect width="24" height="24" rx="6" className="fill-primary" />
      <path
        d="M12 19V6M12 12L6.5 8M12 12l5.5-4M12 16l-4-2.5M12 16l4-2.5"
        className="fill-none stroke-white"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
