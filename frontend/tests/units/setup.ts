const PlainRequest = globalThis.Request;

/** Node has no page whose address completes a path. */
class AbsoluteRequest extends PlainRequest {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(typeof input === 'string' ? new URL(input, 'http://localhost/') : input, init);
  }
}

// Before anything is imported: the API's client keeps the class that it finds.
globalThis.Request = AbsoluteRequest;

// jsdom has no dialogs; some tests have no document at all.
if (typeof HTMLDialogElement !== 'undefined') {
  HTMLDialogElement.prototype.showModal ??= function show(this: HTMLDialogElement) {
    this.setAttribute('open', '');
  };
  HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
    this.removeAttribute('open');
  };
}
