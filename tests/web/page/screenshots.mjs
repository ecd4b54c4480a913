// SPDX-License-Identifier: Apache-2.0
//
// The pictures of docs/web.md, of programs that really run.
import { reads, world } from './driver.mjs';

export async function screenshots(open, folder) {
  await world('show something');
  const shot = async (name, options, hash = '', fullPage = false) => {
    const page = await open(options, hash);
    await reads(page, '#state', /^collector running/);
    await reads(page, '#devices', hash === '' ? /B\/s/ : '');
    if (hash === '#map') {
      await page.selectOption('[aria-label="Colour"]', 'process');
      await reads(page, '#map .legend', /python/);
    }
    await page.screenshot({ path: `${folder}/${name}.png`, fullPage });
    await page.context().close();
  };
  await shot('overview', { colorScheme: 'light', viewport: { width: 1280, height: 860 } }, '', true);
  await shot('map', { colorScheme: 'dark', viewport: { width: 1280, height: 600 } }, '#map');
  await shot('phone', { colorScheme: 'dark', viewport: { width: 375, height: 800 } });
}
