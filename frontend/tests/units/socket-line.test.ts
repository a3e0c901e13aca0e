import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseMessage } from '@/live/protocol';
import { backOff, SocketLine } from '@/live/socket-line';

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: unknown[] = [];
  isClosed = false;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.isClosed = true;
  }
  hears(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function line(address: () => Promise<string | null> = async () => 'wss://a.example/live?ticket=t') {
  const sockets: FakeSocket[] = [];
  const hears = { message: vi.fn(), lost: vi.fn(), ended: vi.fn() };
  const transport = {
    address: vi.fn(address),
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    random: () => 1,
  };
  return { line: new SocketLine(transport, hears, () => 7), sockets, hears, transport };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('each connection has a ticket of its own and begins with hello and the last sequence', async () => {
  const { line: it, sockets, hears, transport } = line();
  await it.dial();
  sockets[0]?.onopen?.();
  expect(sockets[0]?.sent).toEqual([{ type: 'hello', last_seq: 7 }]);
  sockets[0]?.hears({ type: 'hello', seq: 9 });
  expect(hears.message).toHaveBeenCalledWith({ type: 'hello', seq: 9 });
  sockets[0]?.onclose?.();
  expect(hears.lost).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(500);
  expect(sockets).toHaveLength(2);
  expect(transport.address).toHaveBeenCalledTimes(2);
  it.close();
});

test('a silent connection is pinged every five minutes, and replaced when nothing answers', async () => {
  const { line: it, sockets } = line();
  await it.dial();
  sockets[0]?.onopen?.();
  sockets[0]?.hears({ type: 'hello', seq: 9 });
  await vi.advanceTimersByTimeAsync(5 * 60_000);
  expect(sockets[0]?.sent.at(-1)).toEqual({ type: 'ping' });
  sockets[0]?.hears({ type: 'pong' });
  await vi.advanceTimersByTimeAsync(5 * 60_000 + 10_000);
  expect(sockets[0]?.isClosed).toBe(true);
  await vi.advanceTimersByTimeAsync(500);
  expect(sockets).toHaveLength(2);
  it.close();
});

test('attempts are further and further apart, with jitter, up to half a minute', () => {
  expect([0, 1, 2, 3, 6, 40].map((attempt) => backOff(attempt, 1))).toEqual([
    500, 1_000, 2_000, 4_000, 30_000, 30_000,
  ]);
  expect(backOff(6, 0.5)).toBe(15_000);
  expect(backOff(6, 0)).toBe(0);
});

test('a ticket that cannot be had is asked for again, and one that is refused ends it', async () => {
  const answers: (() => string | null)[] = [
    () => {
      throw new Error('offline');
    },
    () => null,
  ];
  const { line: it, sockets, hears, transport } = line(async () => answers.shift()?.() ?? null);
  await it.dial();
  expect(hears.ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(500);
  expect(hears.ended).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(transport.address).toHaveBeenCalledTimes(2);
  expect(sockets).toHaveLength(0);
});

test('a connection without rights is left, and nothing is said to a closed one', async () => {
  const { line: it, sockets, hears } = line();
  expect(it.say({ type: 'presence', at: null })).toBe(false);
  await it.dial();
  sockets[0]?.onopen?.();
  sockets[0]?.hears({ type: 'hello', seq: 1 });
  expect(it.say({ type: 'presence', at: 'task:a' })).toBe(true);
  sockets[0]?.hears({ type: 'error', code: 'closed' });
  expect(sockets[0]?.isClosed).toBe(true);
  expect(hears.lost).toHaveBeenCalledOnce();
  it.close();
});

test('one event and several are the same to who listens; what is unknown is nothing', () => {
  const event = { type: 'event', seq: 1, event: 'task.changed', ids: ['a'], versions: [2] };
  expect(parseMessage(JSON.stringify(event))).toEqual({ type: 'events', items: [event] });
  for (const text of ['', 'null', '[]', '{"message":"Internal server error"}', '{"type":"other"}'])
    expect(parseMessage(text), text).toBeNull();
  expect(parseMessage(new ArrayBuffer(1))).toBeNull();
});
