// SPDX-License-Identifier: Apache-2.0
//
// The switch: light, dark, or as the system says. What is chosen is kept and applied by paint.js, which came first.
import { find, text } from './dom.js';

const ORDER = ['auto', 'light', 'dark'];

// `onChange` when canvases have to be drawn again. Returns what goes on to the next theme.
export function startTheme(onChange) {
  const { system, choose, chosen } = globalThis.tidemarkTheme;
  const tell = () => text(find('theme'), chosen()[0].toUpperCase() + chosen().slice(1));
  const next = () => {
    choose(ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
    tell();
    onChange();
  };
  find('theme').addEventListener('click', next);
  system.addEventListener('change', onChange);
  tell();
  return next;
}
