// SPDX-License-Identifier: Apache-2.0
//
// Keys, and the dialog that lists them.
import { find, make } from './dom.js';

// `actions`: [{key, shown, does, run}]; without `run` it is only listed. Keys do nothing while one types, and none
// with Ctrl, Alt or Meta.
export function startKeys(actions) {
  const dialog = find('help');
  const open = () => dialog.open || dialog.showModal();
  const list = dialog.querySelector('dl');
  const all = [...actions, { key: '?', does: 'this list', run: open }];
  for (const action of all) {
    list.append(make('dt', {}, make('kbd', {}, action.shown ?? action.key)), make('dd', {}, action.does));
  }
  list.append(make('dt', {}, make('kbd', {}, 'Tab')), make('dd', {}, 'to charts and the map: arrow keys read values there'));
  find('keys').addEventListener('click', open);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || dialog.open) return;
    if (event.target.matches('input, select, textarea')) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const action = all.find((one) => one.key === event.key);
    if (!action?.run) return;
    event.preventDefault();
    action.run();
  });
}
