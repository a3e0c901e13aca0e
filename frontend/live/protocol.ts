/** Messages of the WebSocket API: handlers/ws-connect/src/message.rs and ws-broadcast/src/message.rs. */

/** What changed, never what it says. */
export type LiveEvent = {
  /** Number of the event in the organization. */
  seq: number;
  /** `task.changed`, `comment.changed` and so on. */
  event: string;
  ids: string[];
  /** For each of `ids` the version after the change; null where it has none. */
  versions: (number | null)[];
};

/** Where somebody is: `task:ID`. */
export type PersonAt = { user_id: string; at: string };

export type ServerMessage =
  | { type: 'hello'; seq: number }
  | { type: 'pong' }
  | { type: 'events'; items: LiveEvent[] }
  | { type: 'presence'; people: PersonAt[] }
  /** The inbox of this person changed. */
  | { type: 'inbox' }
  | { type: 'error'; code: string };

export type ClientMessage =
  | { type: 'hello'; last_seq: number | null }
  | { type: 'ping' }
  | { type: 'presence'; at: string | null };

/** The message in a frame; null for one that this page does not know, as an error of the gateway. */
export function parseMessage(text: unknown): ServerMessage | null {
  if (typeof text !== 'string') return null;
  let message: { type?: unknown; seq?: unknown; items?: unknown };
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  switch (message?.type) {
    case 'event':
      return { type: 'events', items: [message as LiveEvent] };
    case 'hello':
    case 'pong':
    case 'events':
    case 'presence':
    case 'inbox':
    case 'error':
      return message as ServerMessage;
    default:
      return null;
  }
}
