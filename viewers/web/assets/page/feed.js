// SPDX-License-Identifier: Apache-2.0
//
// The way to the server: the stream of changes, put together to snapshots and opened again after it broke, and single
// questions.

const FIRST_PAUSE = 500; // ms before the first new try; doubles
const LONGEST_PAUSE = 10_000;
const QUIET = 20_000; // ms without an event after which the server is asked whether it is there
const PATIENCE = 8_000; // ms for its answer

// Ids may need all of 64 bits, beyond what a JavaScript number holds: they stay text. In a JSON string a quote has a
// backslash before it, so this finds keys alone.
const idsAsText = (text) => text.replace(/"id":(\d+)/g, '"id":"$1"');

// The document at `path`; throws an Error with the server's own words and `status`.
export async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE), cache: 'no-store' });
  const document = JSON.parse(idsAsText(await answer.text()));
  if (!answer.ok) {
    const error = new Error(document.hint ? `${document.error}; ${document.hint}` : document.error);
    throw Object.assign(error, { status: answer.status, document });
  }
  return document;
}

// The snapshot that `changes` makes of the last one. What did not change stays the same object.
export function merged(last, changes) {
  const { removed, processes, ...rest } = changes;
  const byImage = new Map(last.processes.map((process) => [process.image, process]));
  for (const image of removed) byImage.delete(image);
  for (const process of processes) byImage.set(process.image, process);
  return { ...rest, processes: [...byImage.values()] };
}

export class Feed {
  #source = null;
  #last = null; // the snapshot that changes are of
  #pause = FIRST_PAUSE;
  #timer = 0;
  #heard = 0;

  // `onSnapshot(document)`; `onBroken(sentence)` when the server can't be reached.
  constructor(onSnapshot, onBroken) {
    this.onSnapshot = onSnapshot;
    this.onBroken = onBroken;
    // A browser opens six connections to one server: a tab that nobody sees leaves its own to others.
    document.addEventListener('visibilitychange', () => (document.hidden ? this.close() : this.open()));
    window.addEventListener('online', () => this.open());
    setInterval(() => this.#check(), QUIET / 2);
  }

  open() {
    this.close();
    const source = new EventSource('/api/v1/stream?interval_ms=500&changes=1');
    source.addEventListener('snapshot', (event) => this.#take(JSON.parse(event.data)));
    source.addEventListener('changes', (event) => this.#take(merged(this.#last, JSON.parse(event.data))));
    source.addEventListener('error', () => this.#broken());
    this.#source = source;
    this.#heard = Date.now();
  }

  #take(snapshot) {
    this.#pause = FIRST_PAUSE;
    this.#heard = Date.now();
    this.#last = snapshot;
    this.onSnapshot(snapshot);
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #broken() {
    this.close();
    this.#timer = setTimeout(() => this.open(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    // The stream does not say why; an ordinary question does.
    ask('/api/v1/collector').then(
      () => this.onBroken('The live stream broke off; trying again.'),
      (error) => this.onBroken(error.status ? `The server refuses: ${error.message}` : 'The server does not answer; trying again.'),
    );
  }

  // Silence means that nothing changed, unless the network went away without a word.
  async #check() {
    if (this.#source === null || Date.now() - this.#heard < QUIET) return;
    try {
      await fetch('/health', { signal: AbortSignal.timeout(PATIENCE), cache: 'no-store' });
      this.#heard = Date.now();
    } catch {
      if (this.#source !== null) this.#broken();
    }
  }
}
