// SPDX-License-Identifier: Apache-2.0
//
// The contrast of a page's text as WCAG 2 reckons it: 4.5 is wanted of all that is read, whatever its size.

const WANTED = 4.5;

// What has less, as words; empty if nothing has. Of all text that is shown, and of the colours that canvases write with.
export const faint = (page) =>
  page.evaluate((wanted) => {
    const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
    const linear = (part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    const brightness = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const contrast = (a, b) => {
      const [low, high] = [brightness(numbers(a)), brightness(numbers(b))].sort((x, y) => x - y);
      return (high + 0.05) / (low + 0.05);
    };
    const groundOf = (node) => {
      for (let at = node; at !== null; at = at.parentElement) {
        const { backgroundColor } = getComputedStyle(at);
        if (numbers(backgroundColor)[3] !== 0) return backgroundColor;
      }
      return 'rgb(255, 255, 255)';
    };
    const found = [];
    const check = (what, colour, ground) => {
      const value = contrast(colour, ground);
      if (value < wanted) found.push(`${what}: ${colour} on ${ground} is ${value.toFixed(2)}`);
    };
    let seen = 0;
    for (const node of document.querySelectorAll('body *')) {
      const words = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== '');
      if (!words || !node.checkVisibility()) continue;
      ++seen;
      check(`${node.nodeName}.${node.className} "${node.innerText.slice(0, 30)}"`, getComputedStyle(node).color, groundOf(node));
    }
    if (seen < 10) found.push(`only ${seen} texts are shown`);
    const probe = document.body.appendChild(document.createElement('i'));
    const value = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    for (const ground of ['ground', 'surface', 'raised', 'warn-ground', 'bad-ground']) {
      for (const name of ['text', 'soft']) check(`--${name} on --${ground}`, value(name), value(ground));
    }
    probe.remove();
    return found;
  }, WANTED);
