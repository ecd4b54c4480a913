// SPDX-License-Identifier: Apache-2.0
//
// The page: the last snapshot, the view that is open, and one render() that writes what differs. `tidemark:tick` on
// the document tells that a render is done.
import { renderDevices } from './devices.js';
import { Detail } from './detail.js';
import { attribute, find, sentence, show, text } from './dom.js';
import { ask, Feed } from './feed.js';
import { History } from './history.js';
import { startKeys } from './keys.js';
import { Leaks } from './leaks.js';
import { MemoryMap } from './map.js';
import { ProcessTable } from './processes.js';
import { emptyWords, renderState } from './status.js';
import { startTheme } from './theme.js';
import { Trails } from './trails.js';

const VIEWS = ['overview', 'leaks', 'map', 'process'];
const state = { snapshot: null, aheadMs: 0, broken: '', startHint: '', paused: false, ticks: 0 };
const trails = new Trails();
const history = new History();
const table = new ProcessTable((image) => (location.hash = `#process/${image}`), render);
const detail = new Detail(render);
const leaks = new Leaks(render);
const map = new MemoryMap(render);

// ---- What arrives

export function receive(snapshot) {
  state.broken = '';
  if (state.paused) return;
  state.snapshot = snapshot;
  state.aheadMs = snapshot.time_unix_ns / 1e6 - Date.now();
  if (snapshot.collector.state === 'running') state.startHint = '';
  else askHowToStart();
  history.news().then((news) => news && render());
  render();
}

export const lastSnapshot = () => state.snapshot;

// The server knows the command.
async function askHowToStart() {
  try {
    state.startHint = (await ask('/api/v1/collector')).hint ?? '';
    render();
  } catch {
    // the stream tells when the server is away
  }
}

function onBroken(reason) {
  state.broken = reason;
  render();
}

// ---- What is shown

const live = () => state.broken === '' && state.snapshot?.collector.state === 'running';
const view = () => {
  const name = location.hash.slice(1).split('/')[0];
  return VIEWS.includes(name) ? name : 'overview';
};

function render() {
  const open = view();
  for (const name of VIEWS) show(find(name), name === open);
  for (const link of document.querySelectorAll('nav a')) {
    const here = link.hash === `#${open}` || (open === 'process' && link.hash === '#overview');
    attribute(link, 'aria-current', here ? 'page' : null);
  }
  renderState(state);
  const { snapshot } = state;
  if (snapshot) {
    if (open === 'overview') renderOverview(snapshot);
    if (open === 'process') detail.open(location.hash.split('/')[1]);
    if (open === 'process') detail.render(snapshot, trails);
    if (open === 'leaks') leaks.render(snapshot);
    if (open === 'map') map.render(snapshot);
  }
  document.dispatchEvent(new CustomEvent('tidemark:tick', { detail: ++state.ticks }));
}

function renderOverview(snapshot) {
  const empty = snapshot.devices.length === 0 && snapshot.processes.length === 0;
  show(find('empty'), empty);
  show(find('filled'), !empty);
  if (empty) {
    const [title, words] = emptyWords(snapshot, state.startHint);
    text(find('empty').querySelector('h2'), title);
    return sentence(find('empty').querySelector('p'), words);
  }
  for (const button of document.querySelectorAll('[data-span]')) {
    attribute(button, 'aria-pressed', button.dataset.span === history.resolution);
  }
  const nowMs = state.paused ? snapshot.time_unix_ns / 1e6 : Date.now() + state.aheadMs;
  renderDevices(find('devices'), snapshot.devices, { trails, history, nowMs, live: live() });
  table.render(snapshot, trails);
}

// ---- What a person does

function choose(resolution) {
  history.choose(resolution);
  history.refresh().then(render);
  render();
}

function pause() {
  state.paused = !state.paused;
  attribute(find('pause'), 'aria-pressed', state.paused);
  render();
  if (!state.paused) feed.open(); // the newest at once
}

function filter() {
  back();
  show(find('overview'), true); // now: what is hidden takes no focus
  table.filter.focus();
}

function back() {
  if (view() !== 'overview') location.hash = '#overview';
}

const nextTheme = startTheme(() => render());
for (const button of document.querySelectorAll('[data-span]')) {
  button.addEventListener('click', () => choose(button.dataset.span));
}
find('pause').addEventListener('click', pause);
window.addEventListener('hashchange', () => {
  render();
  if (document.activeElement !== table.filter) find('content').focus({ preventScroll: true });
  window.scrollTo(0, 0);
});
startKeys([
  { key: '/', does: 'filter the processes; Enter goes to the rows, Esc clears it', run: filter },
  { key: 'j', does: 'to the next process', run: () => table.move(1) },
  { key: 'k', does: 'to the one before', run: () => table.move(-1) },
  { key: 'Enter', does: 'open the process' },
  { key: 'Escape', shown: 'Esc', does: 'back', run: back },
  { key: 's', does: 'sort by the next column', run: () => table.nextColumn() },
  { key: 'r', does: 'sort the other way round', run: () => table.reverse() },
  { key: '1', does: 'overview', run: () => (location.hash = '#overview') },
  { key: '2', does: 'leaks', run: () => (location.hash = '#leaks') },
  { key: '3', does: 'memory map', run: () => (location.hash = '#map') },
  { key: 'h', does: '1 min or 15 min of history', run: () => choose(history.resolution === 'fine' ? 'coarse' : 'fine') },
  { key: 'p', does: 'pause, go on', run: pause },
  { key: 't', does: 'light, dark, as the system', run: nextTheme },
]);
const feed = new Feed(receive, onBroken);
feed.open();
setInterval(() => {
  if (state.snapshot && !state.paused) trails.sample(state.snapshot, live());
  if (state.snapshot && !state.paused) history.catchUp().then((news) => news && render());
  render();
}, 1000);
