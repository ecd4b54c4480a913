// SPDX-License-Identifier: Apache-2.0
//
// One process: what it is, its pools, and from its account the largest and oldest buffers and call sites; how large its allocations were.
import { address, droppedSites, histogram, notWhole, partOf } from './buffers.js';
import { find, keyed, make, sentence, show, style, text } from './dom.js';
import { ask } from './feed.js';
import { renderFacts, Table } from './tables.js';
import { about, atLeast, bytes, count, duration, moment, peak, rate } from './units.js';
import { deviceName, lossSentence, stateOf } from './words.js';

const SHOWN = 10;
const EVERY = 2000; // ms between two looks at the buffers

const bufferColumns = [
  { head: 'Id', style: 'word', cell: (b) => address(b.id) },
  { head: 'Pool', style: 'word', cell: (b) => `${deviceName(b.device)} ${b.pool}` },
  { head: 'Age when read', style: 'right', cell: (b) => duration(b.age_ms) },
  { head: 'Size', style: 'right', cell: (b) => bytes(b.size) },
];

export class Detail {
  #image = null;
  #signature = '';
  #askedAt = 0;
  #lists = null; // {largest, oldest, sites, sizes}: answers, or {error}
  #busy = false;

  constructor(onChange) {
    this.onChange = onChange;
    this.title = make('h2');
    this.facts = make('dl', { class: 'facts' });
    this.pools = new Table('Pools', [
      { head: 'Pool', style: 'word', cell: ({ usage }) => `${deviceName(usage.device)} ${usage.pool}` },
      { head: 'Now', style: 'right', cell: ({ usage }) => about(usage.exact, bytes(usage.allocated)) },
      { head: 'Peak', style: 'right', cell: ({ usage }) => peak(usage) },
      { head: 'alloc/s', style: 'right middle', cell: ({ usage, speed }) => rate(speed, usage.exact) },
      { head: 'Buffers', style: 'right', cell: ({ usage }) => about(usage.exact, count(usage.live)) },
      { head: 'Allocations', style: 'right wide', cell: ({ usage }) => atLeast(usage.exact, count(usage.allocations)) },
      { head: 'Frees', style: 'right wide', cell: ({ usage }) => atLeast(usage.exact, count(usage.frees)) },
      { head: 'Allocated in all', style: 'right wide', cell: ({ usage }) => atLeast(usage.exact, bytes(usage.total_allocated)) },
    ]);
    this.largest = new Table('Largest buffers', bufferColumns);
    this.oldest = new Table('Oldest buffers', bufferColumns);
    this.sites = new Table('Call sites', [
      { head: 'Allocated by', frames: true, cell: (s) => s.stack },
      { head: 'Buffers', style: 'right', cell: (s) => count(s.count) },
      { head: 'Bytes', style: 'right', cell: (s) => bytes(s.bytes) },
    ]);
    this.bins = make('div', { class: 'histogram' });
    this.binsLead = make('p', { class: 'lead' });
    const sizes = make('div', { class: 'panel' }, make('h3', {}, 'Sizes of allocations'), this.binsLead, this.bins);
    this.panels = make('div', { class: 'panels' }, this.largest.node, this.oldest.node, this.sites.node, sizes);
    const back = make('a', { href: '#overview' }, '← All processes');
    this.card = make('div', { class: 'panel' }, this.facts);
    this.gone = make('p', { class: 'none' });
    find('process').append(make('div', { class: 'bar-of-tools' }, this.title, back), this.gone, this.card, this.pools.node, this.panels);
  }

  open(image) {
    if (image === this.#image) return;
    this.#image = image;
    this.#signature = '';
    this.#lists = null;
  }

  render(snapshot, trails) {
    const process = snapshot.processes.find((one) => one.image === this.#image);
    show(this.gone, !process);
    text(this.gone, process ? '' : 'This process is no longer listed: what ended stays for a minute.');
    for (const node of [this.card, this.pools.node, this.panels]) show(node, Boolean(process));
    text(this.title, process ? (process.name ?? 'Process without a name') : 'Process');
    if (!process) return;
    renderFacts(this.facts, factsOf(process));
    const items = process.usage.map((usage) => ({ usage, speed: trails.ofPool(process, usage) }));
    this.pools.render(items, ({ usage }) => `${usage.device} ${usage.pool}`, { none: 'It has allocated nothing yet.' });
    this.#look(process);
    this.#renderLists();
  }

  // Reads the lists again when the process did something since.
  async #look(process) {
    const signature = `${process.image} ${process.events} ${process.state}`;
    if (this.#busy || signature === this.#signature || Date.now() - this.#askedAt < (this.#lists ? EVERY : 0)) return;
    this.#busy = true;
    this.#askedAt = Date.now();
    this.#signature = signature;
    const path = `/api/v1/processes/${process.image}`;
    const asked = {
      largest: `${path}/buffers?sort=size&limit=${SHOWN}&stacks=0`,
      oldest: `${path}/buffers?sort=age&limit=${SHOWN}&stacks=0`,
      sites: `${path}/call-sites?limit=${SHOWN}`,
      sizes: `${path}/sizes`,
    };
    const answer = async ([name, target]) => [name, await ask(target).catch((error) => ({ error: error.message }))];
    const answers = Object.fromEntries(await Promise.all(Object.entries(asked).map(answer)));
    if (process.image === this.#image) this.#lists = answers;
    this.#busy = false;
    this.onChange();
  }

  #renderLists() {
    const { largest, oldest, sites, sizes } = this.#lists ?? {};
    const none = (answer, words) => (answer?.error ? `Not known: ${answer.error}` : answer ? words : 'Reading…');
    const key = (b) => `${b.device} ${b.pool} ${b.id}`;
    for (const [table, answer, order] of [[this.largest, largest, 'largest'], [this.oldest, oldest, 'oldest']]) {
      const list = answer?.buffers ?? [];
      table.render(list, key, {
        lead: partOf(list.length, answer?.count, order, 'buffers'),
        none: none(answer, 'It holds no buffer.'),
        unknown: notWhole(answer) });
    }
    this.#renderSites(sites, none);
    const all = sizes?.sizes?.flatMap((pool) => pool.bins).length > 0;
    sentence(this.binsLead, !all ? none(sizes, 'Nothing allocated yet.')
      : `Of all its allocations so far, in all pools together.${sizes.exact ? '' : ' At least: events of it were lost.'}`);
    renderBins(this.bins, all ? histogram(sizes.sizes) : []);
  }

  #renderSites(sites, none) {
    const list = sites?.sites ?? [];
    const unrecorded = sites?.buffers === 0 ? 'It holds no buffer.'
      : 'Not recorded: start the program with `tidemark run --stacks`, or see docs/call-sites.md.';
    this.sites.render(list, (site) => site.stack?.join('\n') ?? '', {
      lead: [partOf(list.length, sites?.count, 'largest', 'call sites'), droppedSites(sites)].filter(Boolean).join(' '),
      none: none(sites, unrecorded),
      unknown: notWhole(sites) });
  }
}

function factsOf(process) {
  const facts = [
    ['Command', process.command ?? 'N/A'],
    ['Pid', String(process.pid ?? 'N/A')],
    ['User', process.user ?? String(process.uid)],
    ['State', stateOf(process)],
    ['Started', moment(process.start_time)],
  ];
  if (process.exit_time) facts.push(['Ended', moment(process.exit_time)]);
  const loss = lossSentence(process.lost);
  if (loss) facts.push(['Lost', loss]);
  if (process.unknown_frees) facts.push(['Unknown frees', count(process.unknown_frees)]);
  if (process.duplicates) facts.push(['Duplicates', count(process.duplicates)]);
  return facts;
}

function renderBins(parent, bins) {
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const create = () => {
    const row = { label: make('span', { class: 'right' }), fill: make('div', { class: 'fill' }), figure: make('span', { class: 'soft' }) };
    const track = make('div', { class: 'track' }, row.fill);
    row.node = make('div', { class: 'bin' }, row.label, track, row.figure);
    return row;
  };
  keyed(parent, bins, (bin) => bin.from, create, (row, bin) => {
    text(row.label, bin.label);
    text(row.figure, count(bin.count));
    style(row.fill, 'width', `${((100 * bin.count) / most).toFixed(1)}%`);
  });
}
