// SPDX-License-Identifier: Apache-2.0
//
// Figures as the terminal viewers write them (viewers/model/units.cpp, figures.cpp): powers of 1024, two decimals,
// N/A for what is not known, and marks for what is not exact.

export const UNKNOWN = 'N/A';
const UNITS = ['KB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const known = (value) => value !== null && value !== undefined;

// As C's "%.2f": what lies exactly between two goes to the even one, where toFixed goes up. Only odd eighths do.
function twoDecimals(value) {
  if (Math.abs((value * 8) % 2) !== 1) return value.toFixed(2);
  const lower = Math.floor(value * 100);
  return ((lower % 2 === 0 ? lower : lower + 1) / 100).toFixed(2);
}

export function bytes(value) {
  if (!known(value)) return UNKNOWN;
  if (value < 1024) return `${Math.round(value)} B`;
  let scaled = value / 1024;
  let unit = 0;
  // 1023.995 and above would print as 1024.00.
  while (scaled >= 1023.995 && unit + 1 < UNITS.length) {
    scaled /= 1024;
    ++unit;
  }
  return `${twoDecimals(scaled)} ${UNITS[unit]}`;
}

export function count(value) {
  return known(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',') : UNKNOWN;
}

const two = (large, largeName, small, smallName) =>
  `${large} ${largeName}${small === 0 ? '' : ` ${small} ${smallName}`}`;

export function duration(milliseconds) {
  if (!known(milliseconds)) return UNKNOWN;
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 10) return `${seconds}.${Math.floor((milliseconds % 1000) / 100)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  if (seconds < 86400) return two(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min');
  return two(Math.floor(seconds / 86400), 'd', Math.floor((seconds % 86400) / 3600), 'h');
}

// Of the day if it is today's, in the viewer's time zone.
export function moment(unixNs) {
  if (!known(unixNs)) return UNKNOWN;
  const date = new Date(unixNs / 1e6);
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString('en-CA')} ${time}`;
}

// ---- Marks: `~` not exact, `≥` at least, `≤` at most.
export const about = (exact, figure) => (exact ? figure : `~${figure}`);
export const atLeast = (exact, figure) => (exact || figure === UNKNOWN ? figure : `≥${figure}`);
export function peak(pool) {
  if (!pool.exact) return about(false, bytes(pool.peak));
  return pool.peak_exact ? bytes(pool.peak) : `≤${bytes(pool.peak)}`;
}
// Allocated in a second; events that were lost may have been allocations.
export const rate = (perSecond, exact) => (known(perSecond) ? atLeast(exact, `${bytes(perSecond)}/s`) : UNKNOWN);

// One sentence for each mark that the figures of a snapshot need.
export function footnotes(snapshot) {
  const pools = [...snapshot.devices.flatMap((d) => d.pools), ...snapshot.processes.flatMap((p) => p.usage)];
  const notes = [];
  if (pools.some((pool) => !pool.exact)) {
    notes.push('~ not exact: events of this pool were lost', '≥ at least: events of this pool were lost');
  }
  if (pools.some((pool) => pool.exact && !pool.peak_exact) || snapshot.processes.some((p) => p.usage.length > 1)) {
    notes.push('≤ at most: several programs moved at the same moment');
  }
  return notes;
}
