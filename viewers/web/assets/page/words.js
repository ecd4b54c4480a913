// SPDX-License-Identifier: Apache-2.0
//
// What a person must know about the figures: the collector's state, losses, what is not known. The sentences of
// viewers/model/status_lines.cpp, without ages: those would change while nothing else does.
import { bytes, count } from './units.js';

const LOSS = {
  full: 'lane full',
  no_collector: 'lane full and no collector there',
  no_lane: 'more threads than lanes',
  handler: 'inside a signal handler',
  no_space: 'no shared memory left',
  budget: 'budget for rings spent',
  sandbox: 'program in a sandbox',
  corrupt: 'record corrupt',
};

const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
export const deviceName = (device) => (device === 'host' ? 'Host' : `Device ${device}`);

// "lost 12 events (1.20 KB): 8 lane full, 4 no shared memory left"; empty if nothing was lost.
export function lossSentence(lost) {
  const causes = Object.entries(lost ?? {}).filter(([, loss]) => loss.count !== 0);
  if (causes.length === 0) return '';
  const total = causes.reduce((sum, [, loss]) => sum + loss.count, 0);
  const size = causes.reduce((sum, [, loss]) => sum + loss.bytes, 0);
  const words = causes.map(([key, loss]) => `${causes.length === 1 ? '' : `${count(loss.count)} `}${LOSS[key] ?? key}`);
  return `lost ${plural(total, 'event', 'events')} (${bytes(size)}): ${words.join(', ')}`;
}

// The short line beside the title: {text, state} with state running, warn or bad.
export function collectorLine(collector) {
  switch (collector.state) {
    case 'running':
      return { text: `collector running, pid ${collector.pid}`, state: 'running' };
    case 'stalled':
      return { text: `collector stalled (pid ${collector.pid}); these are its last figures`, state: 'bad' };
    case 'superseded':
      return { text: 'a newer collector is starting', state: 'warn' };
    case 'stopped':
      return { text: 'collector stopped; these are its last figures', state: 'warn' };
    default:
      return { text: 'no collector runs', state: 'warn' };
  }
}

const nameOf = (process) => `pid ${process.pid ?? 'N/A'} ${process.name ?? ''}`.trim();

function collectorNotices(collector) {
  const some = (number, sentence, kind = 'warn') => (number > 0 ? [{ text: sentence(number), kind }] : []);
  return [
    ...some(collector.rows_dropped, (n) =>
      `${plural(n, 'row is', 'rows are')} not shown: a table of the segment, or /dev/shm, is full`),
    ...some(collector.rows_refused, (n) =>
      `${plural(n, 'row', 'rows')} of devices and pools not made: a user has its share (the collector's log says who)`),
    ...some(collector.audit_differences, (n) =>
      `${plural(n, 'audit', 'audits')} found live tables and counters apart: please report this`, 'bad'),
    ...some(collector.untracked_images, (n) =>
      `${plural(n, 'program', 'programs')} ran untracked: no ring could be had (\`tidemark doctor\` looks why)`),
    ...some(collector.rings_refused, (n) =>
      `${plural(n, 'ring was', 'rings were')} refused: what such a program does is not known`),
  ];
}

// What goes below the header: [{text, kind}], kind warn or bad. Nothing to tell: empty.
export function notices(snapshot) {
  const list = [];
  const loss = lossSentence(snapshot.collector.lost);
  if (loss) list.push({ text: loss, kind: 'warn' });
  list.push(...collectorNotices(snapshot.collector));
  for (const process of snapshot.processes) {
    if (process.quarantine) list.push({ text: `${nameOf(process)} is quarantined: ${process.quarantine}`, kind: 'bad' });
    if (process.sandboxed) {
      list.push({ text: `${nameOf(process)} entered a sandbox: what it forked since is not tracked, and not known`, kind: 'warn' });
    }
  }
  return list;
}

// "running", "exited, status 1", "killed, signal 9".
export function stateOf(process) {
  if (process.state !== 'exited') return process.state;
  const code = process.exit_status ?? process.signal;
  const word = process.ending ?? 'exited';
  if (code === null || code === undefined) return word;
  return `${word}, ${process.signal === null || process.signal === undefined ? 'status' : 'signal'} ${code}`;
}
