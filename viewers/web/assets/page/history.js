// SPDX-License-Identifier: Apache-2.0
//
// The published history of every pool: asked for whole once, then only what came since.
import { ask } from './feed.js';

// Points that the server has, by resolution.
const SPANS = { fine: { points: 600, periodMs: 100 }, coarse: { points: 900, periodMs: 1000 } };
const ATMOST_EVERY = 1000; // ms

export class History {
  resolution = 'fine';
  #series = new Map(); // "device pool" -> {values: Map of period -> bytes or null}
  #asked = 0;
  #newsAt = 0;
  #busy = false;

  get periodMs() {
    return SPANS[this.resolution].periodMs;
  }
  get points() {
    return SPANS[this.resolution].points;
  }

  choose(resolution) {
    this.resolution = resolution;
    this.#series.clear();
    this.#asked = 0;
  }

  // Something was published: its period may not be over, and the last look a moment ago, so catchUp() looks again.
  news() {
    this.#newsAt = Date.now();
    return this.refresh();
  }

  // To be called once a second: brings what news() could not.
  async catchUp() {
    return this.#asked < this.#newsAt + this.periodMs + ATMOST_EVERY ? this.refresh() : false;
  }

  // Brings what is missing up to now; does nothing when that was done within the last second. Returns whether it did.
  async refresh() {
    const now = Date.now();
    if (this.#busy || now - this.#asked < ATMOST_EVERY) return false;
    const resolution = this.resolution;
    const missing = this.#asked === 0 ? this.points : Math.ceil((now - this.#asked) / this.periodMs) + 3;
    this.#busy = true;
    try {
      const answer = await ask(`/api/v1/history?resolution=${resolution}&points=${Math.min(missing, this.points)}`);
      if (resolution !== this.resolution) return false;
      for (const pool of answer.pools) this.#take(pool);
      this.#asked = now;
      return true;
    } catch {
      return false; // the stream tells when the server is away; the next refresh asks for more
    } finally {
      this.#busy = false;
    }
  }

  #take(pool) {
    const key = `${pool.device} ${pool.pool}`;
    if (!this.#series.has(key)) this.#series.set(key, new Map());
    const values = this.#series.get(key);
    const first = Math.round(pool.first_unix_ns / pool.period_ns);
    pool.current.forEach((value, index) => values.set(first + index, value));
    const oldest = first + pool.current.length - this.points;
    for (const period of values.keys()) {
      if (period >= oldest) break;
      values.delete(period);
    }
  }

  // The values of one pool in the periods up to `untilMs` (the server's clock), oldest first; null is not known.
  // After the last known one nothing changed if `live`, else nobody looked.
  window(device, pool, untilMs, live) {
    const values = this.#series.get(`${device} ${pool}`);
    const last = Math.floor(untilMs / this.periodMs);
    const list = [];
    let newest = -1;
    if (values) for (const period of values.keys()) newest = period;
    for (let period = last - this.points + 1; period <= last; ++period) {
      const beyond = live && newest >= 0 && period > newest;
      list.push(values?.get(beyond ? newest : period) ?? null);
    }
    return list;
  }
}
