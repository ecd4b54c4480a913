// SPDX-License-Identifier: Apache-2.0
//
// Which colours hold: `data-theme` of the root, light or dark, as chosen or as the system says. No module, since it runs
// before the first paint; theme.js has the switch.
'use strict';
globalThis.tidemarkTheme = (() => {
  const NAME = 'tidemark-theme';
  const system = matchMedia('(prefers-color-scheme: dark)');
  const remembered = () => {
    try {
      return localStorage.getItem(NAME);
    } catch {
      return null; // storage is switched off: as the system says
    }
  };
  let chosen = ['light', 'dark'].includes(remembered()) ? remembered() : 'auto';
  const apply = () => {
    document.documentElement.dataset.theme = chosen === 'auto' ? (system.matches ? 'dark' : 'light') : chosen;
  };
  const choose = (word) => {
    chosen = word;
    try {
      localStorage.setItem(NAME, word);
    } catch {
      // it holds until the page is closed
    }
    apply();
  };
  system.addEventListener('change', apply);
  apply();
  return { system, choose, chosen: () => chosen };
})();
