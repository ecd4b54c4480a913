// SPDX-License-Identifier: Apache-2.0
//
// A card a device: each memory with its sum and capacity, a bar a pool, and the pools over time.
import { Chart } from './chart.js';
import { poolColour } from './colours.js';
import { attribute, keyed, make, show, style, text } from './dom.js';
import { about, bytes, peak, rate } from './units.js';
import { deviceName } from './words.js';

function createCard() {
  const row = { title: make('h3'), kind: make('p'), body: make('div') };
  row.node = make('article', { class: 'card' }, make('header', {}, row.title, row.kind), row.body);
  return row;
}

function createMemory() {
  const row = { name: make('b'), sum: make('span'), pools: make('div'), chart: new Chart() };
  const head = make('div', { class: 'pool head', 'aria-hidden': 'true' });
  for (const name of ['', 'now', 'peak', 'alloc/s']) head.append(make('span', { class: 'figure' }, name));
  Object.assign(row, { head, none: make('p', { class: 'soft' }, 'No program has used it.') });
  const figures = make('div', {}, make('div', { class: 'sum' }, row.name, row.sum), row.none, head, row.pools);
  row.node = make('div', { class: 'memory' }, figures, row.chart.node);
  return row;
}

function createPool(pool) {
  const row = { name: make('span'), fill: make('div', { class: 'fill' }), peakMark: make('div', { class: 'peak' }) };
  const figure = (label) => make('span', { class: 'figure', title: label });
  row.now = figure('allocated now');
  row.peak = figure('highest that was allocated at one time');
  row.rate = figure('allocated in a second');
  row.track = make('div', { class: 'track', role: 'meter', 'aria-label': pool.pool }, row.fill, row.peakMark);
  const swatch = make('span', { class: 'swatch' });
  row.node = make('div', { class: 'pool' }, make('span', { class: 'name' }, swatch, row.name), row.now, row.peak, row.rate, row.track);
  style(row.node, '--colour', poolColour(pool.pool));
  text(row.name, pool.pool);
  return row;
}

const percent = (share) => `${(100 * Math.min(1, share)).toFixed(1)}%`;

// Without a capacity the bar says how much of its own peak a pool is, on a hatched ground.
function updatePool(row, { pool, device, capacity, trails }) {
  text(row.now, about(pool.exact, bytes(pool.allocated)));
  text(row.peak, peak(pool));
  text(row.rate, rate(trails.ofDevice(device, pool.pool), pool.exact));
  const whole = capacity || pool.peak || 1;
  style(row.fill, 'width', percent(pool.allocated / whole));
  style(row.peakMark, 'left', percent(pool.peak / whole));
  show(row.peakMark, Boolean(capacity) && pool.peak > 0);
  attribute(row.track, 'data-unknown', capacity ? null : '');
  attribute(row.track, 'title', capacity ? `of ${bytes(capacity)}` : 'of its peak: the capacity is not known');
  attribute(row.track, 'aria-valuemin', 0);
  attribute(row.track, 'aria-valuemax', whole);
  attribute(row.track, 'aria-valuenow', Math.min(whole, pool.allocated));
  attribute(row.track, 'aria-valuetext', `${bytes(pool.allocated)} of ${capacity ? bytes(capacity) : 'N/A'}`);
}

function sumText(memory, pools) {
  const exact = pools.every((pool) => pool.exact);
  const sum = memory.allocated === null ? 'N/A' : about(exact, bytes(memory.allocated));
  const share = memory.capacity && memory.allocated !== null ? ` (${Math.round((100 * memory.allocated) / memory.capacity)} %)` : '';
  return `${sum} of ${bytes(memory.capacity)}${share}`;
}

// The pools of a memory; of `null` those whose memory the device does not list.
function groups(device) {
  const listed = device.memories.map((memory) => ({
    key: memory.memory,
    memory,
    pools: device.pools.filter((pool) => pool.memory === memory.memory),
  }));
  const rest = device.pools.filter((pool) => !device.memories.some((memory) => memory.memory === pool.memory));
  return rest.length ? [...listed, { key: '', memory: { memory: 'other pools', capacity: null, allocated: null }, pools: rest }] : listed;
}

function updateMemory(row, { memory, pools, device, context }) {
  text(row.name, memory.memory);
  text(row.sum, sumText(memory, pools));
  const items = pools.map((pool) => ({ pool, device, capacity: memory.capacity, trails: context.trails }));
  keyed(row.pools, items, (item) => item.pool.pool, (item) => createPool(item.pool), updatePool);
  const series = pools.map((pool) => ({
    pool: pool.pool,
    values: context.history.window(device, pool.pool, context.nowMs, context.live),
  }));
  for (const node of [row.chart.node, row.head]) show(node, series.length > 0);
  show(row.none, series.length === 0);
  if (series.length > 0) {
    row.chart.draw({ series, name: `${deviceName(device)} ${memory.memory}`, untilMs: context.nowMs, periodMs: context.history.periodMs });
  }
}

// `context`: {trails, history, nowMs (the server's clock), live (a collector looks)}.
export function renderDevices(parent, devices, context) {
  attribute(parent, 'data-few', devices.length === 1 ? '1' : null);
  keyed(parent, devices, (device) => device.device, createCard, (row, device) => {
    text(row.title, device.name ?? deviceName(device.device));
    const other = device.name && device.name !== device.device ? deviceName(device.device).toLowerCase() : null;
    const parts = [other, device.arch];
    text(row.kind, parts.filter(Boolean).join(', '));
    const items = groups(device).map((group) => ({ ...group, device: device.device, context }));
    keyed(row.body, items, (item) => item.key, createMemory, updateMemory);
  });
}
