// SPDX-License-Identifier: Apache-2.0
//
// Which colour stands for what; canvases read the style sheet's values, which depend on light or dark.

const STANDARD = ['DRAM', 'L1', 'SYSTEM_MEMORY', 'L1_SMALL', 'TRACE', 'CB', 'KERNEL'];
const COLOURS = 11; // --pool-0 … --pool-10; those that programs name share the last four

// The number of a pool's colour: the same on every device and in every view.
export function poolNumber(name) {
  const at = STANDARD.indexOf(name);
  if (at >= 0) return at;
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return STANDARD.length + (sum % (COLOURS - STANDARD.length));
}

export const poolColour = (name) => `var(--pool-${poolNumber(name)})`;
export const numbered = (number) => `var(--pool-${number % COLOURS})`;

// As a canvas takes it: "var(--x)" or a colour.
export function resolved(colour) {
  const name = /^var\((--[\w-]+)\)$/.exec(colour);
  return name ? getComputedStyle(document.documentElement).getPropertyValue(name[1]).trim() : colour;
}

// A light pattern of slanted lines: nothing is known here.
export function hatch(context) {
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const drawing = tile.getContext('2d');
  drawing.strokeStyle = resolved('var(--hatch)');
  drawing.lineWidth = 1.5;
  for (const shift of [-8, 0, 8]) {
    drawing.moveTo(shift, 8);
    drawing.lineTo(shift + 8, 0);
  }
  drawing.stroke();
  return context.createPattern(tile, 'repeat');
}

// The canvas's drawing with one unit a CSS pixel, cleared; null while it has no size.
export function prepare(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return null;
  const ratio = window.devicePixelRatio || 1;
  const pixels = [Math.round(width * ratio), Math.round(height * ratio)];
  // Setting a size is a change of the document, also to the same.
  if (canvas.width !== pixels[0]) canvas.width = pixels[0];
  if (canvas.height !== pixels[1]) canvas.height = pixels[1];
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
