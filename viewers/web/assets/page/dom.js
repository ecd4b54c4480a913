// SPDX-License-Identifier: Apache-2.0
//
// Writing into the document: only what differs, so that a tick without news changes no node. Texts are set as text,
// never as HTML: names come from programs.

// An element with attributes and children (elements or strings). `dataset` and `on…` are not attributes.
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else attribute(node, name, value);
  }
  node.append(...children);
  return node;
}

export const find = (id) => document.getElementById(id);

// The text of an element that holds nothing else. Its text node stays.
export function text(node, value) {
  const held = node.firstChild;
  if (held === null) {
    if (value !== '') node.append(value);
  } else if (held.data !== value) {
    held.data = value;
  }
}

const sentences = new WeakMap();

// A sentence in which `commands` stand between backticks.
export function sentence(node, value) {
  if (sentences.get(node) === value) return;
  sentences.set(node, value);
  node.replaceChildren(...value.split('`').map((part, at) => (at % 2 === 1 ? make('code', {}, part) : part)));
}

// null or undefined: without it.
export function attribute(node, name, value) {
  if (value === null || value === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value);
  }
}

export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

// A style, set from script: the policy of the page allows that, and no style in its text.
export function style(node, name, value) {
  if (node.style.getPropertyValue(name) !== value) node.style.setProperty(name, value);
}

const rowsOf = new WeakMap();

// One row an item below `parent`, in the items' order. A row is what `create(item)` returns: {node, …}; it lives as
// long as an item has its key.
export function keyed(parent, items, keyOf, create, update) {
  if (!rowsOf.has(parent)) rowsOf.set(parent, new Map());
  const rows = rowsOf.get(parent);
  const focused = document.activeElement;
  const wanted = new Map(items.map((item, index) => [String(keyOf(item, index)), item]));
  for (const [key, row] of rows) {
    if (!wanted.has(key)) {
      row.node.remove();
      rows.delete(key);
    }
  }
  let place = parent.firstElementChild;
  for (const [key, item] of wanted) {
    let row = rows.get(key);
    if (!row) {
      row = create(item);
      rows.set(key, row);
    }
    if (row.node === place) place = place.nextElementSibling;
    else parent.insertBefore(row.node, place);
    update?.(row, item);
  }
  // A node that moves loses the focus.
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
  return rows;
}
