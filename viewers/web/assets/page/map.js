// SPDX-License-Identifier: Apache-2.0
//
// The address space of a pool: each live buffer where it lies, coloured by age or by process.
import { address, changeWord, notWhole } from './buffers.js';
import { hatch, numbered, prepare, resolved } from './colours.js';
import { attribute, find, keyed, make, show, style, text } from './dom.js';
import { ask } from './feed.js';
import { AGE_WORDS, ageClass, folded, lay } from './layout.js';
import { groundOf, leadOf } from './map_words.js';
import { bytes, duration } from './units.js';
import { deviceName } from './words.js';

const MOST = 10_000; // buffers, the server's limit
const EVERY = 2000; // ms
const ROWS = 12;
const NAMED = 8; // processes with a colour of their own

export class MemoryMap {
  #answer = null;
  #error = '';
  #asked = { signature: '', at: 0 };
  #laid = null;
  #chosen = -1;
  #names = new Map(); // image -> what to call it

  constructor(onChange) {
    this.onChange = onChange;
    this.pool = make('select', { 'aria-label': 'Pool' });
    this.process = make('select', { 'aria-label': 'Process' });
    const ways = ['age', 'process'].map((value) => make('option', { value }, `by ${value}`));
    this.by = make('select', { 'aria-label': 'Colour' }, ...ways);
    for (const select of [this.pool, this.process, this.by]) select.addEventListener('change', onChange);
    this.lead = make('p', { class: 'lead' });
    this.warning = make('p', { class: 'warning', role: 'status' });
    this.canvas = make('canvas', { role: 'img', tabindex: '0' });
    this.readout = make('p', { class: 'readout', 'aria-live': 'polite' });
    this.legend = make('ul', { class: 'legend' });
    this.panel = make('div', { class: 'panel' }, this.warning, this.lead, this.canvas, this.readout, this.legend);
    const choices = make('div', { class: 'wrap' }, this.pool, this.process, this.by);
    find('map').append(make('div', { class: 'bar-of-tools' }, make('h2', {}, 'Memory map'), choices), this.panel);
    this.canvas.addEventListener('pointermove', (event) => this.#choose(this.#at(event.offsetX, event.offsetY)));
    this.canvas.addEventListener('pointerleave', () => this.#choose(-1));
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#paint()).observe(this.canvas);
  }

  render(snapshot) {
    this.#options(snapshot);
    this.#look(snapshot);
    const { lead, drawn } = this.#lead();
    text(this.lead, lead);
    const unknown = notWhole(this.#answer);
    text(this.warning, unknown);
    show(this.warning, unknown !== '');
    for (const node of [this.canvas, this.readout, this.legend]) show(node, drawn);
    attribute(this.canvas, 'aria-label', `${this.pool.selectedOptions[0]?.textContent ?? ''}: arrow keys go from buffer to buffer`);
    this.#renderLegend();
    this.#paint();
  }

  // Host addresses mean something within one process alone; a device's belong to all.
  #options(snapshot) {
    const pools = snapshot.devices.flatMap((device) =>
      device.pools.map((pool) => ({ key: JSON.stringify([device.device, pool.pool]), label: `${deviceName(device.device)} ${pool.pool}` })));
    const option = (item) => ({ node: make('option', { value: item.key }) });
    keyed(this.pool, pools, (item) => item.key, option, (row, item) => text(row.node, item.label));
    const [device, pool] = JSON.parse(this.pool.value || '[null,null]');
    const holders = snapshot.processes
      .map((process) => ({ process, usage: process.usage.find((usage) => usage.device === device && usage.pool === pool) }))
      .filter(({ process, usage }) => usage?.live > 0 && process.state === 'running')
      .sort((a, b) => b.usage.allocated - a.usage.allocated);
    this.#names = new Map(holders.map(({ process }) => [process.image, `${process.name ?? 'N/A'} (${process.pid ?? 'N/A'})`]));
    const choices = holders.map(({ process }) => ({ key: process.image, label: this.#names.get(process.image) }));
    if (device !== 'host') choices.unshift({ key: '', label: 'all processes' });
    keyed(this.process, choices, (item) => item.key, option, (row, item) => text(row.node, item.label));
    show(this.process, choices.length > 0);
  }

  #target() {
    const [device, pool] = JSON.parse(this.pool.value || '[null,null]');
    if (device === null || (device === 'host' && !this.process.value)) return null;
    const where = this.process.value ? `processes/${this.process.value}/buffers` : 'buffers';
    return `/api/v1/${where}?device=${device}&pool=${encodeURIComponent(pool)}&sort=size&limit=${MOST}&stacks=0`;
  }

  async #look(snapshot) {
    const target = this.#target();
    const signature = `${target} ${changeWord(snapshot)}`;
    const other = target !== this.#asked.target;
    if (signature === this.#asked.signature || (!other && Date.now() - this.#asked.at < EVERY)) return;
    this.#asked = { target, signature, at: Date.now() };
    if (other) [this.#answer, this.#laid, this.#error] = [null, null, ''];
    if (target === null) return;
    let [answer, error] = [null, ''];
    try {
      answer = await ask(target);
    } catch (problem) {
      error = problem.message;
    }
    if (target !== this.#asked.target) return;
    [this.#answer, this.#error, this.#chosen] = [answer, error, -1];
    this.#laid = answer ? lay(answer.buffers) : null;
    this.onChange();
  }

  #lead() {
    if (this.#error) return { lead: `Not known: ${this.#error}`, drawn: false };
    if (this.#target() === null) return { lead: 'No running process holds anything here.', drawn: false };
    if (!this.#answer) return { lead: 'Reading…', drawn: false };
    return { lead: leadOf(this.#answer, this.#laid), drawn: this.#answer.buffers.length > 0 };
  }

  // ---- Colours
  #ranked() {
    return [...this.#names.keys()].slice(0, NAMED);
  }

  #colourOf(buffer, ranked) {
    if (this.by.value === 'age') {
      const age = ageClass(buffer.age_ms);
      return age === null ? 'var(--hatch)' : `var(--age-${age})`;
    }
    const rank = ranked.indexOf(buffer.image);
    return rank < 0 ? 'var(--soft)' : numbered(rank);
  }

  #renderLegend() {
    const ranked = this.#ranked();
    const items = this.by.value === 'age'
      ? AGE_WORDS.map((word, at) => ({ key: word, word, colour: `var(--age-${at})` }))
      : ranked.map((image, at) => ({ key: image, word: this.#names.get(image), colour: numbered(at) }));
    if (this.by.value === 'process' && this.#names.size > ranked.length) items.push({ key: 'others', word: 'others', colour: 'var(--soft)' });
    if (this.#answer) items.push({ key: 'ground', ...groundOf(this.#answer) });
    const create = () => {
      const [swatch, word] = [make('span', { class: 'swatch' }), make('span')];
      return { node: make('li', {}, swatch, word), word };
    };
    keyed(this.legend, items, (item) => item.key, create, (row, item) => {
      text(row.word, item.word);
      style(row.node, '--colour', item.colour);
    });
  }

  // ---- Reading single buffers
  #at(x, y) {
    if (!this.#laid) return -1;
    const row = Math.floor((y / this.canvas.clientHeight) * ROWS);
    const place = ((row + x / this.canvas.clientWidth) / ROWS) * this.#laid.length;
    return this.#laid.items.findIndex((item) => item.from <= place && place < item.to);
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !this.#laid) return;
    event.preventDefault();
    this.#choose(Math.min(this.#laid.items.length - 1, Math.max(0, this.#chosen + step)));
  }

  #choose(index) {
    this.#chosen = index;
    const buffer = this.#laid?.items[index]?.buffer;
    const owner = buffer && (this.#names.get(buffer.image) ?? `pid ${buffer.pid ?? 'N/A'}`);
    text(this.readout, buffer ? `${address(buffer.id)} · ${bytes(buffer.size)} · ${duration(buffer.age_ms)} old when read · ${owner}` : '');
    this.#paint();
  }

  #paint() {
    const drawing = this.#laid && !this.canvas.hidden && prepare(this.canvas);
    if (!drawing) return;
    const { context, width, height } = drawing;
    const step = height / ROWS;
    const fill = (from, to, paint) => {
      context.fillStyle = paint;
      for (const part of folded(from, to, this.#laid.length, ROWS, width)) context.fillRect(part.x, part.row * step, part.width, step - 3);
    };
    fill(0, this.#laid.length, resolved(groundOf(this.#answer).colour));
    const pattern = hatch(context);
    const half = Math.max(this.#laid.length / 400, 1);
    for (const cut of this.#laid.cuts) fill(cut.at - half, cut.at + half, pattern);
    const [ranked, paints] = [this.#ranked(), new Map()];
    this.#laid.items.forEach(({ buffer, from, to }, index) => {
      const colour = index === this.#chosen ? 'var(--text)' : this.#colourOf(buffer, ranked);
      if (!paints.has(colour)) paints.set(colour, resolved(colour));
      fill(from, to, paints.get(colour));
    });
  }
}
