// SPDX-License-Identifier: Apache-2.0
//
// The table of processes: sorted by any column, filtered by words, walked through with the keyboard.
import { attribute, find, keyed, make, show, text } from './dom.js';
import { about, atLeast, bytes, count, peak, rate } from './units.js';
import { stateOf } from './words.js';

const total = (process, field, wanted) =>
  process.usage.filter(wanted).reduce((sum, usage) => sum + usage[field], 0);
const onHost = (usage) => usage.device === 'host';
const onDevice = (usage) => usage.device !== 'host';
const exactOf = (process) => process.usage.every((usage) => usage.exact);

// As top adds them up: the peaks of several pools need not be of one moment.
const peakOf = (p) => peak({ exact: exactOf(p), peak: total(p, 'peak', () => true),
  peak_exact: p.usage.length === 1 && p.usage[0].peak_exact });

// key, heading, classes, value to sort by, text. `trails` gives rates.
const COLUMNS = [
  { key: 'name', head: 'Process', words: true, value: (p) => p.name ?? '', cell: (p) => p.name ?? 'N/A' },
  { key: 'pid', head: 'PID', style: 'right middle', words: true, value: (p) => p.pid ?? 0, cell: (p) => String(p.pid ?? 'N/A') },
  { key: 'user', head: 'User', style: 'text middle', words: true, value: (p) => p.user ?? String(p.uid), cell: (p) => p.user ?? String(p.uid) },
  { key: 'state', head: 'State', style: 'text middle', words: true, value: stateOf, cell: stateOf },
  { key: 'device', head: 'Device memory', style: 'right', value: (p) => total(p, 'allocated', onDevice),
    cell: (p) => (p.usage.some(onDevice) ? about(exactOf(p), bytes(total(p, 'allocated', onDevice))) : '–') },
  { key: 'host', head: 'Host memory', style: 'right', value: (p) => total(p, 'allocated', onHost),
    cell: (p) => (p.usage.some(onHost) ? about(exactOf(p), bytes(total(p, 'allocated', onHost))) : '–') },
  { key: 'peak', head: 'Peak', style: 'right wide', value: (p) => total(p, 'peak', () => true),
    cell: (p) => (p.usage.length > 0 ? peakOf(p) : '–') },
  { key: 'live', head: 'Buffers', style: 'right wide', value: (p) => total(p, 'live', () => true),
    cell: (p) => about(exactOf(p), count(total(p, 'live', () => true))) },
  { key: 'rate', head: 'alloc/s', style: 'right wide', value: (p, trails) => trails.ofProcess(p) ?? -1,
    cell: (p, trails) => rate(trails.ofProcess(p), exactOf(p)) },
  { key: 'events', head: 'Events', style: 'right wide', value: (p) => p.events,
    cell: (p) => atLeast(exactOf(p), count(p.events)) },
];

// Every word of the filter is in the name, command, pid, user or state.
export function matches(process, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const where = [process.name, process.command, process.pid, process.user ?? process.uid, stateOf(process)]
    .map((part) => String(part ?? '').toLowerCase());
  return words.every((word) => where.some((part) => part.includes(word)));
}

// Sorted by a column; ties by image, so that rows of equal value keep their places.
export function sorted(processes, column, descending, trails) {
  const entries = processes.map((process) => ({ process, value: column.value(process, trails) }));
  const order = (a, b) => (typeof a === 'string' ? a.localeCompare(b) : a - b);
  entries.sort((a, b) =>
    (descending ? -1 : 1) * order(a.value, b.value) || (a.process.image < b.process.image ? -1 : 1));
  return entries.map((entry) => entry.process);
}

export class ProcessTable {
  #column = COLUMNS[4];
  #descending = true;
  #chosen = null; // image of the row that Tab reaches

  // `onOpen(image)`; `onChange()` when sorting or the filter did.
  constructor(onOpen, onChange) {
    Object.assign(this, { onOpen, onChange, table: find('processes'), filter: find('filter') });
    this.body = this.table.tBodies[0];
    this.heads = COLUMNS.map((column) => this.#head(column));
    this.table.tHead.rows[0].append(...this.heads);
    this.filter.addEventListener('input', onChange);
    this.filter.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'ArrowDown') return;
      event.preventDefault();
      this.focusRow();
    });
    this.body.addEventListener('click', (event) => this.#openRow(event.target.closest('tr')));
    this.body.addEventListener('keydown', (event) => this.#key(event));
    this.body.addEventListener('focusin', (event) => this.#choose(event.target.closest('tr')));
  }

  #head(column) {
    const button = make('button', { type: 'button', onclick: () => this.sortBy(column) }, column.head);
    return make('th', { scope: 'col', class: column.style ?? null }, button);
  }

  sortBy(column) {
    this.#descending = column === this.#column ? !this.#descending : !column.words;
    this.#column = column;
    this.onChange();
  }

  nextColumn() {
    const shown = COLUMNS.filter((_, at) => this.heads[at].offsetParent !== null);
    this.sortBy(shown[(shown.indexOf(this.#column) + 1) % shown.length]);
  }

  reverse() {
    this.sortBy(this.#column);
  }

  // The first row, or the one that was chosen last.
  focusRow() {
    (this.body.querySelector('tr[tabindex="0"]') ?? this.body.rows[0])?.focus();
  }

  move(step) {
    const rows = [...this.body.rows];
    const at = rows.indexOf(document.activeElement);
    if (at < 0) this.focusRow();
    else rows[Math.min(rows.length - 1, Math.max(0, at + step))].focus();
  }

  #openRow(row) {
    if (row) this.onOpen(row.dataset.image);
  }

  #choose(row) {
    this.#chosen = row.dataset.image;
    for (const other of this.body.rows) attribute(other, 'tabindex', other === row ? 0 : -1);
  }

  #key(event) {
    const far = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
    if (far) this.move(far);
    else if (event.key === 'Enter' || event.key === ' ') this.#openRow(event.target.closest('tr'));
    else return;
    event.preventDefault();
  }

  #createRow(process) {
    const who = make('span', { class: 'who' });
    const [command, small] = [make('span', { class: 'command' }), make('span', { class: 'small' })];
    const cells = COLUMNS.map((column) => make('td', { class: column.style ?? null }));
    cells[0].append(who, command, small);
    cells[0].className = 'text program';
    const node = make('tr', { 'data-image': process.image, tabindex: -1 }, ...cells);
    return { node, cells, who, command, small };
  }

  render(snapshot, trails) {
    const shown = snapshot.processes.filter((process) => matches(process, this.filter.value));
    const list = sorted(shown, this.#column, this.#descending, trails);
    const absent = { device: !snapshot.processes.some((p) => p.usage.some(onDevice)), host: !snapshot.processes.some((p) => p.usage.some(onHost)) };
    COLUMNS.forEach((column, at) => {
      show(this.heads[at], !absent[column.key]);
      attribute(this.heads[at], 'aria-sort', column !== this.#column ? null : this.#descending ? 'descending' : 'ascending');
    });
    if (!list.some((process) => process.image === this.#chosen)) this.#chosen = list[0]?.image ?? null;
    keyed(this.body, list, (process) => process.image, (process) => this.#createRow(process), (row, process) => {
      attribute(row.node, 'data-state', process.state);
      attribute(row.node, 'tabindex', process.image === this.#chosen ? 0 : -1);
      attribute(row.node, 'title', process.command);
      COLUMNS.forEach((column, at) => {
        text(at === 0 ? row.who : row.cells[at], column.cell(process, trails));
        show(row.cells[at], !absent[column.key]);
      });
      text(row.command, process.command ?? '');
      show(row.command, Boolean(process.command) && process.command !== process.name);
      text(row.small, `${process.pid ?? 'N/A'} · ${process.user ?? process.uid}${process.state === 'exited' ? ` · ${stateOf(process)}` : ''}`);
    });
    const all = snapshot.processes.length;
    text(find('process-count'), shown.length === all ? count(all) : `${count(shown.length)} of ${count(all)}`);
    show(this.table, list.length > 0);
    show(find('no-process'), list.length === 0);
    text(find('no-process'), all === 0 ? 'No program is tracked.' : 'No process has these words in its name, command, pid, user or state.');
  }
}
