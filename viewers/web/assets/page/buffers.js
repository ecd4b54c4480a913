// SPDX-License-Identifier: Apache-2.0
//
// What a list of buffers says of itself, and how large allocations were. Pure functions.
import { bytes, count } from './units.js';

// All pools of an answer of …/sizes together: [{from, label, count}], from the smallest that occurred to the largest.
export function histogram(sizes) {
  const held = new Map();
  for (const bin of sizes.flatMap((pool) => pool.bins)) held.set(bin.from, (held.get(bin.from) ?? 0) + bin.count);
  const [first, last] = [Math.min(...held.keys()), Math.max(...held.keys())];
  const list = [];
  for (let from = first; from <= last; from = Math.max(2, from * 2)) {
    list.push({ from, label: `${round(from)} – ${round(Math.max(2, from * 2))}`, count: held.get(from) ?? 0 });
  }
  return list;
}

const round = (size) => bytes(size).replace(/\.00 /, ' ');

// An id as addresses are written.
export const address = (id) => `0x${BigInt(id).toString(16)}`;

// What a list leaves out: "The 10 largest of 12,345 buffers."; empty if it has all.
export function partOf(shown, all, order, what) {
  return shown < all ? `The ${count(shown)} ${order} of ${count(all)} ${what}.` : '';
}

// Another whenever lists of buffers may be others: an end of a program is no event of its own.
export function changeWord({ collector, processes }) {
  const running = processes.filter((process) => process.state === 'running').length;
  return `${collector.state} ${collector.events} ${running} of ${processes.length}`;
}

const REASONS = 3; // told at most

// Why a list is not known to be whole; empty if it is. Beside this nobody may say that there is nothing.
export function notWhole(answer) {
  const reasons = answer?.inexact ?? [];
  if (reasons.length === 0) return '';
  const more = reasons.length > REASONS ? `; and ${count(reasons.length - REASONS)} more` : '';
  return `Not all is known: ${reasons.slice(0, REASONS).join('; ')}${more}.`;
}

// The sentence of viewers/model/call_sites.cpp; empty if no call site was dropped.
export function droppedSites(answer) {
  const dropped = answer?.stacks_dropped ?? 0;
  if (dropped === 0) return '';
  return `${count(dropped)} ${dropped === 1 ? 'allocation' : 'allocations'} found no room for a call site: unknown there.`;
}
