import { type ClientMessage, parseMessage, type ServerMessage } from './protocol';

/** What a line needs of the world; the tests give it sockets of their own. */
export type LineTransport = {
  /** The address with a fresh ticket; null: this person has no rights to a connection any more. */
  address: () => Promise<string | null>;
  open: (address: string) => WebSocket;
  /** 0 to 1. */
  random: () => number;
};

export type LineListener = {
  message: (message: ServerMessage) => void;
  /** The connection was lost; another one is on its way. */
  lost: () => void;
  /** There will be no other one. */
  ended: () => void;
};

/** API Gateway closes a connection that is silent for 10 minutes. */
const PING_EVERY = 5 * 60_000;
/** Longest wait for the answer to `hello` or `ping`, in milliseconds: a lost network closes no socket. */
const ANSWER_WITHIN = 10_000;
/** First and longest wait before another attempt, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** The wait before an attempt, the first being 0: exponential, with full jitter. */
export function backOff(attempt: number, random: number): number {
  return random * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
}

/**
 * One WebSocket after the other, for as long as the page is open: each with a ticket of its own, greeted
 * with `hello`, kept open with pings, and replaced when it is lost. Who listens compares sequences.
 */
export class SocketLine {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private isGreeted = false;
  private isClosed = false;
  private isDialing = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private ping: ReturnType<typeof setTimeout> | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly transport: LineTransport,
    private readonly listener: LineListener,
    private readonly lastSeq: () => number | null,
  ) {}

  /** Connects, unless that is under way or done. */
  async dial(): Promise<void> {
    if (this.isClosed || this.socket || this.isDialing) return;
    clearTimeout(this.retry);
    this.isDialing = true;
    try {
      const address = await this.transport.address();
      if (this.isClosed) return;
      if (address === null) {
        this.close();
        this.listener.ended();
        return;
      }
      this.attach(this.transport.open(address));
    } catch {
      this.again();
    } finally {
      this.isDialing = false;
    }
  }

  /** Asks at once whether the connection is still good: the page was hidden, or the network came back. */
  check(): void {
    if (this.socket && this.isGreeted) this.greet({ type: 'ping' });
    else void this.dial();
  }

  /** Sends a message; false when there is no connection. */
  say(message: ClientMessage): boolean {
    if (!this.socket || !this.isGreeted) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Ends the line for good. */
  close(): void {
    this.isClosed = true;
    this.drop();
    clearTimeout(this.retry);
  }

  private attach(socket: WebSocket): void {
    this.socket = socket;
    // A handshake that nobody answers ends, too.
    this.expectAnswer();
    socket.onopen = () => this.greet({ type: 'hello', last_seq: this.lastSeq() });
    socket.onmessage = ({ data }) => this.hear(parseMessage(data));
    socket.onclose = () => this.lose();
  }

  /** Sends what has to be answered. */
  private greet(message: ClientMessage): void {
    this.expectAnswer();
    this.socket?.send(JSON.stringify(message));
  }

  private expectAnswer(): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.lose(), ANSWER_WITHIN);
  }

  private hear(message: ServerMessage | null): void {
    if (!message) return;
    if (message.type === 'error' && message.code === 'closed') {
      this.lose();
      return;
    }
    if (message.type === 'hello' || message.type === 'pong') {
      clearTimeout(this.deadline);
      clearTimeout(this.ping);
      this.ping = setTimeout(() => this.greet({ type: 'ping' }), PING_EVERY);
    }
    if (message.type === 'hello') {
      this.isGreeted = true;
      this.attempt = 0;
    }
    this.listener.message(message);
  }

  private lose(): void {
    if (!this.socket) return;
    this.drop();
    if (this.isClosed) return;
    this.listener.lost();
    this.again();
  }

  private drop(): void {
    const { socket } = this;
    this.socket = null;
    this.isGreeted = false;
    clearTimeout(this.ping);
    clearTimeout(this.deadline);
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private again(): void {
    if (this.isClosed) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.dial(), backOff(this.attempt, this.transport.random()));
    this.attempt += 1;
  }
}
