// SPDX-License-Identifier: Apache-2.0
//
// The page before a real server, collector and programs: what a person sees and does, in one run of the browser.
import assert from 'node:assert/strict';
import { faint } from './contrast.mjs';
import { base, changesDuring, reads, start, world } from './driver.mjs';

const MB = 1 << 20;
const { browser, open, complaints } = await start();
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const firstPid = (page) => page.evaluate(() => document.querySelector('#processes tbody tr td:nth-child(2)')?.innerText);
const views = (page) => page.evaluate(() => ['#overview', '#leaks', '#map', `#process/${document.querySelector('#processes tbody tr').dataset.image}`]);
const themed = (page, theme) => page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
const ground = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

const steps = {
  async 'without a collector it says so, and how to start one'(page) {
    await reads(page, '#state', 'no collector runs');
    await reads(page, '#empty', /No collector runs[^]*tidemarkd --background/);
  },
  async 'it shows a program grow and shrink, in the units of the terminal'(page) {
    await world('start collector');
    await reads(page, '#state', /^collector running, pid \d+$/);
    await world('start program');
    await world(`allocate 0 1 ${5 * MB}`);
    await reads(page, '#devices .pool:not(.head) .figure', '5.00 MB');
    await world(`allocate 0 2 ${1152 + 3 * MB}`);
    await reads(page, '#devices .pool:not(.head) .figure', '8.00 MB');
    await world('free 0 1');
    await reads(page, '#devices .pool:not(.head) .figure', '3.00 MB');
    await reads(page, '#devices .pool:not(.head)', /8\.00 MB/); // the peak
    await reads(page, '#devices .sum span', '3.00 MB of 12.00 GB (0 %)');
    const figures = await page.evaluate(async () => {
      const { bytes } = await import('/page/units.js');
      return [0, 1023, 1152, 1408, 1048570, 5242880, 2 ** 53, null].map(bytes);
    });
    // As printf("%.2f") rounds: what lies between two goes to the even one.
    assert.deepEqual(figures, ['0 B', '1023 B', '1.12 KB', '1.38 KB', '1023.99 KB', '5.00 MB', '8.00 PB', 'N/A']);
  },
  async 'a tick without news changes nothing in the document'(page) {
    await reads(page, '#devices .pool:not(.head) .figure:nth-of-type(4)', '0 B/s');
    assert.deepEqual(await changesDuring(page, 4), []);
    const again = page.evaluate(async () => {
      const main = await import('/page/main.js');
      await new Promise((resolve) => document.addEventListener('tidemark:tick', resolve, { once: true }));
      main.receive(structuredClone(main.lastSnapshot()));
    });
    assert.deepEqual(await changesDuring(page, 3), []);
    await again;
  },
  async 'what it puts together from changes is the snapshot of the server'(page) {
    await page.waitForFunction(async () => {
      const { lastSnapshot } = await import('/page/main.js');
      const told = await (await fetch('/api/v1/snapshot')).json();
      const parts = (s) => JSON.stringify([s.devices, s.regions, s.collector.events, s.processes.toSorted((a, b) => (a.image < b.image ? -1 : 1))]);
      return parts(told) === parts(lastSnapshot());
    });
  },
  async 'processes are sorted and filtered'(page) {
    await world('start program');
    await world(`allocate 1 1 ${64 * MB}`);
    const [first, second] = (await world('pids')).split(' ');
    await page.waitForFunction(() => document.querySelectorAll('#processes tbody tr').length === 2);
    assert.equal(await firstPid(page), second); // the larger one
    await page.click('#processes th:nth-child(2) button');
    assert.equal(await firstPid(page), String(Math.min(first, second)));
    await page.keyboard.press('r');
    assert.equal(await firstPid(page), String(Math.max(first, second)));
    assert.equal(await page.getAttribute('#processes th:nth-child(2)', 'aria-sort'), 'descending');
    await page.keyboard.press('/');
    await page.keyboard.type(first);
    await reads(page, '#process-count', '1 of 2');
    assert.equal(await firstPid(page), first);
    await page.fill('#filter', 'no-such-name');
    await reads(page, '#no-process', /No process has these words/);
    await page.fill('#filter', '');
    await page.keyboard.press('Escape');
  },
  async 'the keyboard opens a process, and its buffers stand there'(page) {
    const [first] = (await world('pids')).split(' ');
    await page.keyboard.press('/');
    await page.keyboard.type(first);
    await reads(page, '#process-count', '1 of 2');
    await page.keyboard.press('Enter'); // to the row
    await page.keyboard.press('Enter');
    await reads(page, '#process h2', /python/);
    await reads(page, '#process .facts', new RegExp(`Pid\\s+${first}`));
    await reads(page, '#process [aria-label="Largest buffers"] tbody', /^0x2\s+Device 0 DRAM\s.*3\.00 MB$/);
    await reads(page, '#process .histogram', /1 MB – 4 MB\s+1 · 3\.00 MB/);
    await page.keyboard.press('Escape');
    await reads(page, '#process-count', '1 of 2');
    await page.fill('#filter', '');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await reads(page, '#help', /filter the processes/);
    await page.keyboard.press('Escape');
  },
  async 'a program that left something is among the leaks'(page) {
    await world('end program 1');
    await page.keyboard.press('2');
    await reads(page, '#leaks [aria-label="Left by programs that ended"] tbody', /Device 0 DRAM\s+1\s+64\.00 MB/);
    await reads(page, '#leaks [aria-label="Their buffers"] tbody', /^0x1\s.*Device 0 DRAM\s+64\.00 MB/);
    await reads(page, '#leaks', /None: the history of no pool only grew/);
  },
  async 'a pool that only grew is among the leaks'(page) {
    // Quarters of a history are longer than a test: the answer is made up.
    const grown = { device: 'host', pool: 'cache', from_bytes: MB, to_bytes: 6 * MB, span_ms: 840_000 };
    await page.route('**/api/v1/leaks?*', (route) => route.fulfill({ json: { left: [], growing: [grown], leaks: [], count: 0 } }));
    await world('allocate 0 5 4096'); // asks again when something was published
    await reads(page, '#leaks [aria-label="Pools that only grew"] tbody', /^Host cache\s+1\.00 MB\s+6\.00 MB\s+14 min$/);
    await reads(page, '#leaks', /Nothing: no program that ended within the last minute held anything/);
    await page.unroute('**/api/v1/leaks?*');
    await world('free 0 5');
  },
  async 'the map shows buffers where they lie'(page) {
    await world('allocate 0 1048576 65536');
    await world('allocate 0 2097152 65536');
    await page.keyboard.press('3');
    await reads(page, '#map .lead', /3 buffers/);
    await page.focus('#map canvas');
    await page.keyboard.press('ArrowRight');
    await reads(page, '#map .readout', /^0x2 · 3\.00 MB .* python/);
    await page.keyboard.press('1');
  },
  async 'it says that the collector stalled, and goes on with it'(page) {
    await world('pause collector');
    await reads(page, '#state', /^collector stalled \(pid \d+\); these are its last figures$/);
    await reads(page, '#notices', /What programs do meanwhile shows when it is back/);
    assert.equal(await page.getAttribute('#state', 'data-state'), 'bad');
    await world('continue collector');
    await reads(page, '#state', /^collector running/);
    await reads(page, '#notices', '');
  },
  async 'it says what was lost, and marks the figures that are not exact'(page) {
    await page.evaluate(async () => {
      const main = await import('/page/main.js');
      const snapshot = structuredClone(main.lastSnapshot());
      Object.assign(snapshot.collector.lost, { full: { count: 8, bytes: 1152 }, no_space: { count: 4, bytes: 256 } });
      Object.assign(snapshot.collector, { rows_dropped: 1, audit_differences: 2, untracked_images: 3, rings_refused: 1 });
      snapshot.devices[0].pools[0].exact = false;
      snapshot.processes[0].quarantine = 'its ring is damaged';
      main.receive(snapshot);
    });
    await reads(page, '#notices', /lost 12 events \(1\.38 KB\): 8 lane full, 4 no shared memory left\n/);
    for (const wanted of [/\n1 row is not shown/, /\n2 audits found/, /\n3 programs ran untracked/, /\n1 ring was refused/, /is quarantined: its ring is damaged$/]) {
      await reads(page, '#notices', wanted);
    }
    await reads(page, '#devices .pool:not(.head) .figure', /^~/);
    await reads(page, '#notes', /~ not exact: events of this pool were lost/);
  },
  async 'text has contrast enough, in both themes and every view'(page) {
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme });
      await themed(page, theme);
      for (const hash of await views(page)) {
        await page.evaluate((to) => (location.hash = to), hash);
        await page.waitForFunction((id) => !document.getElementById(id).hidden, hash.slice(1).split('/')[0]);
        assert.deepEqual(await faint(page), [], `${theme} ${hash}`);
      }
      await page.evaluate(() => (location.hash = '#overview'));
    }
    await page.emulateMedia({ colorScheme: 'light' });
  },
  async 'it goes on when the collector restarts'(page) {
    await world('stop collector');
    await reads(page, '#state', /collector stopped; these are its last figures/);
    await reads(page, '#notices', /tidemarkd --background/);
    await world('start collector');
    await reads(page, '#state', /^collector running/);
    await world(`allocate 0 77 ${7 * MB}`);
    await reads(page, '#devices .pool:not(.head) .figure', '10.13 MB');
    // The chart has a hole where no collector looked, with values on its left.
    const seen = () => page.evaluate(() => document.querySelector('#devices .readout').innerText);
    await page.focus('#devices canvas');
    for (const wanted of [/not known: no collector looked/, /DRAM [\d.]+ MB/]) {
      let [left, found] = [600, ''];
      do {
        await page.keyboard.press('ArrowLeft');
        found = await seen();
      } while (!wanted.test(found) && --left > 0);
      assert.match(found, wanted);
    }
  },
  async 'a name is text, whatever it says'(page) {
    const name = '<img src=x onerror=alert(1)>';
    const images = await page.evaluate(async (hostile) => {
      const main = await import('/page/main.js');
      const snapshot = structuredClone(main.lastSnapshot());
      snapshot.devices[0].name = hostile;
      Object.assign(snapshot.processes[0], { name: hostile, command: hostile, sandboxed: true });
      main.receive(snapshot);
      return document.querySelectorAll('main img, .notices img').length;
    }, name);
    assert.equal(images, 0);
    assert.equal(await page.evaluate(() => document.querySelector('.card h3').innerText), name);
    await reads(page, '#notices', /<img src=x onerror=alert\(1\)> entered a sandbox/);
  },
  async 'light, dark, and 375 px without sideways scrolling'(page) {
    const light = await ground(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await themed(page, 'dark');
    const dark = await ground(page);
    assert.notEqual(light, dark);
    await page.keyboard.press('t'); // light
    assert.equal(await ground(page), light);
    await page.keyboard.press('t'); // dark
    await page.emulateMedia({ colorScheme: 'light' });
    assert.equal(await ground(page), dark);
    await page.reload(); // what was chosen is kept
    await reads(page, '#theme', 'Dark');
    assert.equal(await ground(page), dark);
    await page.keyboard.press('t'); // as the system
    assert.equal(await ground(page), light);
    for (const hash of await views(page)) {
      await page.setViewportSize({ width: 375, height: 800 });
      await page.goto(base + hash);
      await reads(page, '#state', /^collector running/);
      assert.ok(await fits(page), `${hash} scrolls sideways at 375 px`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${base}#overview`);
  },
};

const page = await open({ colorScheme: 'light' });
for (const [name, step] of Object.entries(steps)) {
  process.stdout.write(`step ${name}\n`);
  await step(page);
}
complaints.push(...(await page.evaluate(() => window.violations)));
assert.deepEqual(complaints, []);

// The server itself goes and comes: Chromium writes failed requests to the console, so this is last.
process.stdout.write('step it finds the server again\n');
await world('stop server');
await reads(page, '#state', 'no connection');
await reads(page, '#notices', /These are the last figures/);
await world('start server');
await reads(page, '#state', /^collector running/);

if (process.env.TIDEMARK_SCREENSHOTS) {
  const { screenshots } = await import('./screenshots.mjs');
  await screenshots(open, process.env.TIDEMARK_SCREENSHOTS);
}
await browser.close();
process.stdout.write('passed\n');
process.exit(0);
