// SPDX-License-Identifier: Apache-2.0
//
// The page before a real server, collector and programs: what a person sees and does, in one run of the browser.
import assert from 'node:assert/strict';
import { faint } from './contrast.mjs';
import { base, changesDuring, reads, start, world } from './driver.mjs';

const MB = 1 << 20;
const HOST_ADDRESS = 0x7f3a5c001040; // as a program's heap has them
const { browser, open, complaints } = await start();
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const firstPid = (page) => page.evaluate(() => document.querySelector('#processes tbody tr td:nth-child(2)')?.innerText);
const views = (page) => page.evaluate(() => ['#overview', '#leaks', '#map', `#process/${document.querySelector('#processes tbody tr').dataset.image}`]);
const themed = (page, theme) => page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
const ground = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
// Goes left in the focused chart, back and left again (its history comes once a second), until what `read` finds in the
// page is `wanted`.
async function reaches(page, read, wanted) {
  let found = '';
  for (let pressed = 0; pressed < 1800 && !wanted.test(found); ++pressed) {
    await page.keyboard.press(pressed >= 600 && pressed < 1200 ? 'ArrowRight' : 'ArrowLeft');
    found = await page.evaluate(read);
  }
  assert.match(found, wanted);
}

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
    await reads(page, '#process .histogram', /^2 MB – 4 MB\s+1\s+4 MB – 8 MB\s+1$/); // also of what is freed
    await reads(page, '#process', /Call sites\s+Not recorded: start the program with tidemark run --stacks/);
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
    await reads(page, '#leaks [aria-label="Buffers that ended programs left"] tbody', /^0x1\s.*Device 0 DRAM\s+64\.00 MB/);
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
    await reads(page, '#map .legend', /1 h and more\s+free$/);
    await reads(page, '#map .lead', /3 buffers/);
    await page.focus('#map canvas');
    await page.keyboard.press('ArrowRight');
    await reads(page, '#map .readout', /^0x2 · 3\.00 MB .* python/);
    await page.keyboard.press('1');
  },
  async 'several pools, cards and call sites'(page) {
    await world('start program 8');
    await world(`allocate 1 ${HOST_ADDRESS} ${2 * MB} host SYSTEM_MEMORY`);
    await world(`allocate 1 65536 ${MB} 0 L1`);
    await world(`allocate 1 4096 ${MB} 0 CB`);
    await world(`allocate 1 8192 ${4 * MB} 1 DRAM`);
    await reads(page, '#devices .card:nth-child(2) h3', 'Device 1');
    const names = () => page.evaluate(() => [...document.querySelectorAll('#devices .card:first-child .pool .name')].map((name) => name.innerText));
    await page.waitForFunction(() => document.querySelectorAll('#devices .card:first-child .pool .name').length === 3);
    assert.deepEqual((await names()).sort(), ['CB', 'DRAM', 'L1']);
    // Two pools in one memory: the chart reads both, one on the other.
    await page.evaluate(() => [...document.querySelectorAll('#devices canvas')].find((canvas) => /L1/.test(canvas.getAttribute('aria-label'))).focus());
    await reaches(page, () => document.activeElement.parentNode.innerText, /L1 1\.00 MB · CB 1\.00 MB/);
    const [, pid] = (await world('pids')).split(' ');
    const image = await page.evaluate((wanted) => [...document.querySelectorAll('#processes tbody tr')]
      .find((row) => row.cells[1].innerText === wanted).dataset.image, pid);
    await page.evaluate((to) => (location.hash = `#process/${to}`), image);
    await reads(page, '#process [aria-label="Call sites"] tbody', /\b4\s+8\.00 MB$|\b1\s+\d\.00 MB/);
    await reads(page, '#process .histogram', /1 MB – 2 MB\s+2\s+2 MB – 4 MB\s+1\s+4 MB – 8 MB\s+1/);
    // On a phone too an id and a pool stand in one line each.
    await page.setViewportSize({ width: 375, height: 800 });
    const words = await page.evaluate(() => [...document.querySelectorAll('#process td.word')].map((cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      const edge = cell.closest('.panel').getBoundingClientRect().right;
      return { text: cell.innerText, lines: range.getClientRects().length, inside: cell.getBoundingClientRect().right <= edge };
    }));
    assert.ok(words.some(({ text }) => text === `0x${HOST_ADDRESS.toString(16)}`) && words.some(({ text }) => text === 'Host SYSTEM_MEMORY'));
    assert.deepEqual(words.filter(({ lines, inside }) => lines !== 1 || !inside), []);
    assert.ok(await fits(page));
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.keyboard.press('Escape');
  },
  async 'a program shows its command, and its peak'(page) {
    await reads(page, '#processes tbody .command', /python.* -c/);
    assert.ok(await page.evaluate(() => [...document.querySelectorAll('#processes th')].some((head) => head.innerText === 'Peak')));
    const peak = await page.evaluate(() => [...document.querySelectorAll('#processes th')].findIndex((head) => head.innerText === 'Peak'));
    await page.waitForFunction((at) => [...document.querySelectorAll('#processes tbody tr')].some((row) => row.cells[at].innerText === '≤8.00 MB'), peak);
    await reads(page, '#notes', /≤ at most/);
  },
  async 'the map is coloured by process, and tells what it did not draw'(page) {
    await page.keyboard.press('3');
    await page.selectOption('[aria-label="Colour"]', 'process');
    await reads(page, '#map .legend', /^python\S* \(\d+\)\s+free$/);
    await page.selectOption('[aria-label="Colour"]', 'age');
    const cut = { buffers: [{ pid: 1, device: 0, pool: 'DRAM', id: 4096, size: MB, age_ms: 5, image: '0', stack: null }],
      count: 1001, totals: [{ device: 0, pool: 'DRAM', count: 1001, bytes: 2 * MB }], exact: true, inexact: [] };
    await page.route('**/buffers?*', (route) => route.fulfill({ json: cut }));
    await world('allocate 0 3145728 65536');
    await reads(page, '#map .legend', /free, or one of 1,000 smaller buffers \(1\.00 MB in all\)$/);
    await reads(page, '#map .lead', /what is not drawn need not be free/);
    await page.unroute('**/buffers?*');
    await world('free 0 3145728');
    await reads(page, '#map .legend', /\sfree$/);
    await page.keyboard.press('1');
  },
  async 'what may not be read is not known, never nothing'(page) {
    const reason = 'pid 8933: its buffers may not be read: permission denied';
    const hidden = { left: [], growing: [], leaks: [], buffers: [], sites: [], totals: [], count: 0, exact: false, inexact: [reason], stacks_dropped: 2 };
    await page.route(/leaks|buffers|call-sites/, (route) => route.fulfill({ json: hidden }));
    const image = (await views(page))[3];
    for (const [hash, places, never] of [
      ['#leaks', ['#leaks .panel:nth-of-type(3)'], /None\.|^None/],
      ['#map', ['#map .panel'], /No buffer is live/],
      [image, ['#process .panels .panel:nth-child(1)', '#process .panels .panel:nth-child(2)', '#process .panels .panel:nth-child(3)'], /It holds no buffer|Not recorded/],
    ]) {
      await page.evaluate((to) => (location.hash = to), hash);
      for (const program of [0, 1]) await world(`allocate ${program} 4194304 4096`); // so that each view asks again
      for (const place of places) {
        await reads(page, place, /Not all is known: pid 8933: its buffers may not be read: permission denied\./);
        assert.doesNotMatch(await page.evaluate((where) => document.querySelector(where).innerText, place), never);
      }
      for (const program of [0, 1]) await world(`free ${program} 4194304`);
    }
    await page.unroute(/leaks|buffers|call-sites/);
    // Until the page has done what a change of the view asks for, which takes the focus.
    await page.evaluate(() => new Promise((done) => {
      window.addEventListener('hashchange', done, { once: true });
      location.hash = '#overview';
    }));
  },
  async 'the keys do what the list of keys says'(page) {
    const sortedBy = () => page.evaluate(() => document.querySelector('#processes th[aria-sort]').innerText);
    const focused = () => page.evaluate(() => document.activeElement.dataset.image ?? '');
    const before = await sortedBy();
    await page.keyboard.press('s');
    assert.notEqual(await sortedBy(), before);
    await page.keyboard.press('j');
    await page.keyboard.press('Home');
    const first = await focused();
    await page.keyboard.press('j');
    const second = await focused();
    assert.ok(first && second && first !== second);
    await page.keyboard.press('k');
    assert.equal(await focused(), first);
    const whole = page.waitForResponse((answer) => /history\?resolution=coarse&points=900/.test(answer.url()));
    await page.keyboard.press('h');
    const { pools } = await (await whole).json();
    assert.equal(pools[0].current.length, 900);
    assert.equal(await page.getAttribute('[data-span="coarse"]', 'aria-pressed'), 'true');
    await page.keyboard.press('h');
    assert.equal(await page.getAttribute('[data-span="fine"]', 'aria-pressed'), 'true');
    await page.keyboard.press('p');
    await reads(page, '#state', /\(paused\)$/);
    await page.keyboard.press('p');
    await reads(page, '#state', /^collector running, pid \d+$/);
  },
  async 'a tab that nobody sees closes its stream'(page) {
    const see = (hidden) => page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
    const ofStream = (request) => request.url().includes('/api/v1/stream');
    const closed = page.waitForEvent('requestfailed', ofStream);
    await see(true);
    await closed;
    await world('allocate 0 5242880 1024');
    const opened = page.waitForRequest(ofStream);
    await see(false);
    await opened;
    await reads(page, '#devices .pool:not(.head) .figure', '3.13 MB');
    await world('free 0 5242880');
    await world('end program 1');
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
    await page.focus('#devices canvas');
    for (const wanted of [/not known: no collector looked/, /DRAM [\d.]+ MB/]) {
      await reaches(page, () => document.querySelector('#devices .readout').innerText, wanted);
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
