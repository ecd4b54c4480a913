// SPDX-License-Identifier: Apache-2.0
//
// What a memory map shows, in words: how much of the pool, and what the ground between the drawn buffers is.
import { notWhole } from './buffers.js';
import { overlaps } from './layout.js';
import { bytes, count } from './units.js';

const sumOf = (list, name) => list.reduce((sum, entry) => sum + entry[name], 0);

// The sentence above it. `laid`: what lay() made of the answer's buffers.
export function leadOf(answer, laid) {
  const { buffers, count: all } = answer;
  if (buffers.length === 0) return notWhole(answer) ? '' : 'No buffer is live in this pool.';
  const cuts = laid.cuts.length;
  const part = buffers.length < all
    ? `The ${count(buffers.length)} largest of ${count(all)} buffers`
    : `${count(all)} ${all === 1 ? 'buffer' : 'buffers'}`;
  const odd = overlaps(laid.items) > 0 ? ' Some overlap: their ids are no addresses, or programs share the space.' : '';
  const cut = cuts > 0 ? ` ${count(cuts)} long ${cuts === 1 ? 'hole is' : 'holes are'} cut short (hatched).` : '';
  const rest = buffers.length < all ? ' The others lie somewhere in between: what is not drawn need not be free.' : '';
  return `${part}, ${bytes(sumOf(buffers, 'size'))}, in the order of their addresses, row by row.${rest}${cut}${odd}`;
}

// Only a list that is whole tells that the ground is free: {word, colour}.
export function groundOf(answer) {
  const { buffers, count: all, totals } = answer;
  const rest = all - buffers.length;
  if (rest > 0) {
    const size = bytes(sumOf(totals, 'bytes') - sumOf(buffers, 'size'));
    return { word: `free, or one of ${count(rest)} smaller buffers (${size} in all)`, colour: 'var(--unknown)' };
  }
  if (notWhole(answer)) return { word: 'free, or not known', colour: 'var(--unknown)' };
  return { word: 'free', colour: 'var(--raised)' };
}
