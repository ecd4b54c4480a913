// SPDX-License-Identifier: Apache-2.0
//
// Rates: what was allocated in a second, of each pool of a device and of a process, seen by this page since it was
// opened (as `tidemark top` sees them).

const keyOf = (image, device, pool) => `${image} ${device} ${pool}`;

export class Trails {
  #pools = new Map(); // key -> {total, rate, round}
  #round = 0;
  #at = 0;

  // Once a second. Figures that nobody keeps up to date (`live` false) have no rate.
  sample(snapshot, live, now = performance.now()) {
    const seconds = (now - this.#at) / 1000;
    this.#at = now;
    ++this.#round;
    for (const device of snapshot.devices) {
      for (const pool of device.pools) this.#sample(keyOf('', device.device, pool.pool), pool, live, seconds);
    }
    for (const process of snapshot.processes) {
      for (const pool of process.usage) this.#sample(keyOf(process.image, pool.device, pool.pool), pool, live, seconds);
    }
    for (const [key, trail] of this.#pools) if (trail.round !== this.#round) this.#pools.delete(key);
  }

  #sample(key, pool, live, seconds) {
    const trail = this.#pools.get(key);
    const total = pool.total_allocated;
    const follows = live && trail !== undefined && trail.live && total >= trail.total;
    const rate = follows ? (total - trail.total) / seconds : null;
    this.#pools.set(key, { total, rate, live, round: this.#round });
  }

  // Bytes a second; null: not known yet.
  ofDevice(device, pool) {
    return this.#pools.get(keyOf('', device, pool))?.rate ?? null;
  }

  ofPool(process, usage) {
    return process.state === 'exited' ? 0 : (this.#pools.get(keyOf(process.image, usage.device, usage.pool))?.rate ?? null);
  }

  ofProcess(process) {
    const rates = process.usage.map((usage) => this.ofPool(process, usage));
    return rates.includes(null) ? null : rates.reduce((sum, rate) => sum + rate, 0);
  }
}
