// SPDX-License-Identifier: Apache-2.0
//
// What programs left when they ended, and pools that only grew.
import { address, changeWord, droppedSites, notWhole, partOf } from './buffers.js';
import { find, make } from './dom.js';
import { ask } from './feed.js';
import { Table } from './tables.js';
import { about, bytes, count, duration } from './units.js';
import { deviceName } from './words.js';

const EVERY = 2000; // ms
const ASKED = 200; // buffers

export class Leaks {
  #answer = null;
  #error = '';
  #askedAt = 0;
  #signature = null;

  constructor(onChange) {
    this.onChange = onChange;
    const place = (item) => `${deviceName(item.device)} ${item.pool}`;
    this.left = new Table('Left by programs that ended', [
      { head: 'Process', style: 'text', cell: (l) => l.name ?? 'N/A' },
      { head: 'PID', style: 'right', cell: (l) => String(l.pid ?? 'N/A') },
      { head: 'Pool', style: 'word', cell: place },
      { head: 'Buffers', style: 'right', cell: (l) => about(l.exact, count(l.live)) },
      { head: 'Bytes', style: 'right', cell: (l) => about(l.exact, bytes(l.bytes)) },
    ]);
    this.buffers = new Table('Buffers that ended programs left', [
      { head: 'Id', style: 'word', cell: (b) => address(b.id) },
      { head: 'PID', style: 'right middle', cell: (b) => String(b.pid ?? 'N/A') },
      { head: 'Pool', style: 'word', cell: place },
      { head: 'Size', style: 'right', cell: (b) => bytes(b.size) },
      { head: 'Allocated by', frames: true, cell: (b) => b.stack },
    ]);
    this.growing = new Table('Pools that only grew', [
      { head: 'Pool', style: 'word', cell: place },
      { head: 'From', style: 'right', cell: (g) => bytes(g.from_bytes) },
      { head: 'To', style: 'right', cell: (g) => bytes(g.to_bytes) },
      { head: 'Within', style: 'right', cell: (g) => duration(g.span_ms) },
    ]);
    find('leaks').append(
      make('div', { class: 'bar-of-tools' }, make('h2', {}, 'Leaks')),
      this.left.node, this.buffers.node, this.growing.node);
  }

  render(snapshot) {
    this.#look(snapshot);
    const { left = [], growing = [], leaks = [], count: all = 0 } = this.#answer ?? {};
    const waiting = this.#error ? `Not known: ${this.#error}` : this.#answer ? '' : 'Reading…';
    this.left.render(left, (l) => `${l.image} ${l.device} ${l.pool}`, {
      none: waiting || 'Nothing: no program that ended within the last minute held anything.',
      lead: 'What a program held when it ended; it stays here for a minute.' });
    this.buffers.render(leaks, (b) => `${b.image} ${b.device} ${b.pool} ${b.id}`, {
      none: waiting || 'None.',
      unknown: notWhole(this.#answer),
      lead: [partOf(leaks.length, all, 'largest', 'buffers'), droppedSites(this.#answer)].filter(Boolean).join(' ') });
    this.growing.render(growing, (g) => `${g.device} ${g.pool}`, {
      none: waiting || 'None: the history of no pool only grew.',
      lead: 'Each quarter of their history lies above the one before, and no fall took back more than a quarter of the rise. A hint, not a proof: a cache that fills looks the same.' });
  }

  // Asked again when something was published since.
  async #look(snapshot) {
    const signature = changeWord(snapshot);
    if (signature === this.#signature || Date.now() - this.#askedAt < EVERY) return;
    this.#signature = signature;
    this.#askedAt = Date.now();
    try {
      this.#answer = await ask(`/api/v1/leaks?limit=${ASKED}`);
      this.#error = '';
    } catch (error) {
      this.#answer = null;
      this.#error = error.message;
    }
    this.onChange();
  }
}
