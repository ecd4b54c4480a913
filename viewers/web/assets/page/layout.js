// SPDX-License-Identifier: Apache-2.0
//
// Where buffers lie on a memory map: addresses in order, long holes cut out, the line folded into rows. Pure functions.

const CUT = 0.02; // a hole of more than this part of what is allocated is cut

// `buffers`: [{id, size, …}] with ids as text. Returns {items: [{buffer, from, to}], cuts: [{at, bytes}], length}, in
// bytes of the cut line.
export function lay(buffers) {
  const placed = buffers
    .map((buffer) => ({ buffer, address: BigInt(buffer.id) }))
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const allocated = buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  const longest = Math.max(4096, allocated * CUT);
  const [items, cuts] = [[], []];
  let line = 0;
  let end = placed[0]?.address ?? 0n;
  for (const { buffer, address } of placed) {
    const hole = Number(address - end); // below zero: it overlaps the one before
    if (hole > longest) {
      cuts.push({ at: line + longest / 2, bytes: hole });
      line += longest;
    } else {
      line += hole;
    }
    const from = Math.max(0, line);
    items.push({ buffer, from, to: from + buffer.size });
    line = from + buffer.size;
    const stop = address + BigInt(buffer.size);
    if (stop > end) end = stop;
    else line = Math.max(line, from + Number(end - address));
  }
  return { items, cuts, length: Math.max(1, line) };
}

// Whether ids can be addresses: buffers that overlap have ids of another kind (indices, handles).
export function overlaps(items) {
  let count = 0;
  let end = -1;
  for (const { from, to } of items) {
    if (from < end) ++count;
    end = Math.max(end, to);
  }
  return count;
}

// The rectangles of a stretch of the line, folded into `rows` rows of `width`: [{row, x, width}].
export function folded(from, to, length, rows, width) {
  const scale = (rows * width) / length;
  const [first, last] = [from * scale, Math.min(to * scale, rows * width)];
  const found = [];
  for (let row = Math.floor(first / width); row <= Math.min(rows - 1, Math.floor(last / width)); ++row) {
    const x = Math.max(first, row * width) - row * width;
    const end = Math.min(last, (row + 1) * width) - row * width;
    if (end > x || row === Math.floor(first / width)) found.push({ row, x, width: Math.max(end - x, 0.75) });
  }
  return found;
}

const AGES = [1e3, 1e4, 6e4, 6e5, 3.6e6];
export const AGE_WORDS = ['under 1 s', 'under 10 s', 'under 1 min', 'under 10 min', 'under 1 h', '1 h and more'];

// 0 … 5 of AGE_WORDS; null is not known.
export function ageClass(milliseconds) {
  if (milliseconds === null) return null;
  const at = AGES.findIndex((limit) => milliseconds < limit);
  return at < 0 ? AGES.length : at;
}
