// SPDX-License-Identifier: Apache-2.0
//
// A plain table in a panel: title, a sentence, columns, rows by key. And call sites, which unfold.
import { keyed, make, sentence, show, text } from './dom.js';

// `columns`: [{head, style, cell(item)}]; a cell is a text, or {frames} for call sites. In a narrow panel a row stands as a
// list of its cells, each under its heading.
export class Table {
  constructor(title, columns) {
    this.columns = columns;
    this.title = make('h3', {}, title);
    this.lead = make('p', { class: 'lead' });
    this.warning = make('p', { class: 'warning', role: 'status' });
    this.body = make('tbody');
    const heads = columns.map((column) => make('th', { scope: 'col', class: column.style ?? null }, column.head));
    this.table = make('table', { 'aria-label': title }, make('thead', {}, make('tr', {}, ...heads)), this.body);
    this.node = make('div', { class: 'panel' }, this.title, this.warning, this.lead, this.table);
  }

  // `none`: what stands there instead of no rows, unless `unknown` tells why some are not known.
  render(items, keyOf, { lead = '', none = '', unknown = '' } = {}) {
    const words = items.length > 0 ? lead : unknown ? '' : none;
    text(this.warning, unknown);
    show(this.warning, unknown !== '');
    sentence(this.lead, words);
    show(this.lead, words !== '');
    show(this.table, items.length > 0);
    keyed(this.body, items, keyOf, () => this.#createRow(), (row, item) => {
      this.columns.forEach((column, at) => row.parts[at](column.cell(item)));
    });
  }

  #createRow() {
    const node = make('tr');
    const parts = this.columns.map((column) => {
      const cell = make('td', { class: column.style ?? null, 'data-head': column.head });
      node.append(cell);
      if (!column.frames) return (value) => text(cell, value);
      const site = createSite();
      cell.append(site.node);
      return (frames) => updateSite(site, frames);
    });
    return { node, parts };
  }
}

const WRAPPERS = /^(malloc|calloc|realloc|operator new|tidemark_|posix_memalign|aligned_alloc|mmap)/;

// The frame to show first: the first that is no allocator.
export const siteOf = (frames) => frames?.find((frame) => !WRAPPERS.test(frame)) ?? frames?.[0] ?? null;

function createSite() {
  const summary = make('summary');
  const list = make('ol');
  const bare = make('span');
  const details = make('details', {}, summary, list);
  return { node: make('div', { class: 'frames' }, bare, details), summary, list, bare, details };
}

function updateSite(row, frames) {
  const many = (frames?.length ?? 0) > 1;
  show(row.details, many);
  show(row.bare, !many);
  text(row.bare, many ? '' : (siteOf(frames) ?? 'not recorded'));
  if (!many) return;
  text(row.summary, siteOf(frames));
  keyed(row.list, frames, (_, at) => at, () => ({ node: make('li') }), (line, frame) => text(line.node, frame));
}

// Facts as a description list: [[name, value]].
export function renderFacts(list, facts) {
  keyed(list, facts.flatMap(([name, value]) => [{ key: `${name} t`, tag: 'dt', value: name }, { key: `${name} d`, tag: 'dd', value }]),
    (item) => item.key, (item) => ({ node: make(item.tag) }), (row, item) => text(row.node, item.value));
}
