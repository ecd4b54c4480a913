// SPDX-License-Identifier: Apache-2.0
//
// A real Chromium with one page of the server, and the Python test at the other end of standard input and output,
// which starts and ends collectors and programs.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { chromium } = createRequire(`${process.env.TIDEMARK_NPM}/`)('playwright-core');
export const base = process.env.TIDEMARK_URL;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Has the Python test do something: "allocate 1 5242880". Returns its answer.
export async function world(words) {
  process.stdout.write(`do ${words}\n`);
  const { value } = await lines.next();
  return value;
}

// What a page may not do is written into `complaints`: requests elsewhere, errors, violations of the policy.
export async function start() {
  const browser = await chromium.launch({
    executablePath: process.env.TIDEMARK_CHROMIUM,
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
  const complaints = [];
  const open = async (options, hash = '') => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('request', (request) => request.url().startsWith(base) || complaints.push(`request ${request.url()}`));
    page.on('pageerror', (error) => complaints.push(`error ${error.message}`));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(`console ${message.text()}`));
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
    });
    await page.goto(base + hash);
    return page;
  };
  return { browser, open, complaints };
}

// Until the page's text at `selector` is, or matches, `wanted`.
export async function reads(page, selector, wanted) {
  const source = wanted instanceof RegExp ? wanted.source : `^${wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  await page.waitForFunction(
    ([where, pattern]) => new RegExp(pattern).test(document.querySelector(where)?.innerText ?? ''), [selector, source],
  ).catch(async () => {
    const found = await page.evaluate((where) => document.querySelector(where)?.innerText, selector);
    throw new Error(`${selector}: waited for ${source}, found ${found}`);
  });
}

// What changes in the document during so many ticks of the page: a list of words, empty if nothing does.
export const changesDuring = (page, ticks) =>
  page.evaluate((wanted) => new Promise((resolve) => {
    const seen = [];
    const name = (node) => `${node.nodeName}.${node.className ?? ''} in ${node.parentNode?.className ?? ''}`;
    const observer = new MutationObserver((list) => list.forEach((m) => seen.push(`${m.type} ${m.attributeName ?? ''} ${name(m.target)}`)));
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    let left = wanted;
    document.addEventListener('tidemark:tick', function tick() {
      if (--left > 0) return;
      document.removeEventListener('tidemark:tick', tick);
      setTimeout(() => resolve(seen));
    });
  }), ticks);
