// SPDX-License-Identifier: Apache-2.0
//
// What a list of buffers says: how large they are, who allocated them. Pure functions.
import { bytes } from './units.js';
import { siteOf } from './tables.js';

// By powers of four: [{label, count, bytes}], from the smallest with buffers to the largest.
export function histogram(buffers) {
  const bins = new Map();
  for (const buffer of buffers) {
    const bin = buffer.size < 1 ? 0 : Math.floor(Math.log2(buffer.size) / 2);
    const held = bins.get(bin) ?? { count: 0, bytes: 0 };
    bins.set(bin, { count: held.count + 1, bytes: held.bytes + buffer.size });
  }
  const numbers = [...bins.keys()].sort((a, b) => a - b);
  const list = [];
  for (let bin = numbers[0]; bin <= numbers.at(-1); ++bin) {
    const label = `${bin === 0 ? '0 B' : round(4 ** bin)} – ${round(4 ** (bin + 1))}`;
    list.push({ bin, label, ...(bins.get(bin) ?? { count: 0, bytes: 0 }) });
  }
  return list;
}

const round = (size) => bytes(size).replace(/\.00 /, ' ');

// [{site, frames, count, bytes}], the largest first; those without a call site are left out.
export function callSites(buffers) {
  const sites = new Map();
  for (const buffer of buffers) {
    if (!buffer.stack) continue;
    const key = buffer.stack.join('\n');
    const held = sites.get(key) ?? { key, frames: buffer.stack, site: siteOf(buffer.stack), count: 0, bytes: 0 };
    ++held.count;
    held.bytes += buffer.size;
    sites.set(key, held);
  }
  return [...sites.values()].sort((a, b) => b.bytes - a.bytes);
}

// An id as addresses are written.
export const address = (id) => `0x${BigInt(id).toString(16)}`;

// What a list leaves out: "of the 2,000 largest of 12,345 buffers"; empty if it has all.
export function partOf(shown, all, order, count) {
  return shown < all ? `Of the ${count(shown)} ${order} of ${count(all)} buffers.` : '';
}
