// SPDX-License-Identifier: Apache-2.0
//
// A memory over time: its pools stacked, steps and no slopes (a value holds until the next), hatched where the
// collector was away. The pointer or the arrow keys read single moments.
import { hatch, poolColour, prepare, resolved } from './colours.js';
import { attribute, make, text } from './dom.js';
import { bytes, moment } from './units.js';

const ABOVE = 16; // px for the scale's label
const BELOW = 16; // px for the times
const STEPS = [1, 2, 4, 5, 8, 10, 16, 20, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400, 512, 640, 800, 1024];

// The end of a scale that holds `highest` bytes.
export function scaleFor(highest) {
  let unit = 1;
  while (highest / unit > 1024) unit *= 1024;
  return Math.max(1, STEPS.find((step) => step * unit >= highest)) * unit;
}

// Sums by period; null where no pool is known. `series`: [{values}].
export function sums(series) {
  return (series[0]?.values ?? []).map((_, at) =>
    series.reduce((sum, one) => (one.values[at] === null ? sum : (sum ?? 0) + one.values[at]), null),
  );
}

// Stretches of periods for which `wanted(value)`: [[first, end]].
export function stretches(values, wanted) {
  const found = [];
  let first = -1;
  for (let at = 0; at <= values.length; ++at) {
    const inside = at < values.length && wanted(values[at]);
    if (inside && first < 0) first = at;
    if (!inside && first >= 0) {
      found.push([first, at]);
      first = -1;
    }
  }
  return found;
}

export class Chart {
  #data = null; // {series: [{pool, values}], untilMs, periodMs}
  #at = null; // the period read, from the right; null: none

  constructor() {
    this.canvas = make('canvas', { role: 'img', tabindex: '0' });
    this.readout = make('p', { class: 'readout', 'aria-live': 'polite' });
    this.node = make('div', { class: 'chart' }, this.canvas, this.readout);
    this.canvas.addEventListener('pointermove', (event) => this.#point(event.offsetX / this.canvas.clientWidth));
    for (const name of ['pointerleave', 'blur']) this.canvas.addEventListener(name, () => this.#read(null));
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#paint()).observe(this.canvas);
  }

  draw(data) {
    this.#data = data;
    const minutes = Math.round((data.series[0].values.length * data.periodMs) / 60_000);
    attribute(this.canvas, 'aria-label', `${data.name} over the last ${minutes} min; arrow keys read values`);
    this.#paint();
    this.#tell();
  }

  #point(share) {
    if (this.#data === null) return;
    const count = this.#data.series[0].values.length;
    this.#read(count - 1 - Math.min(count - 1, Math.max(0, Math.floor(share * count))));
  }

  #key(event) {
    const step = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (!step || this.#data === null) return;
    event.preventDefault();
    const count = this.#data.series[0].values.length;
    const far = event.shiftKey ? 10 : 1;
    this.#read(Math.min(count - 1, Math.max(0, (this.#at ?? -1 * step) + step * far)));
  }

  #read(at) {
    this.#at = at;
    this.#paint();
    this.#tell();
  }

  #tell() {
    if (this.#at === null || this.#data === null) return text(this.readout, '');
    const { series, untilMs, periodMs } = this.#data;
    const at = series[0].values.length - 1 - this.#at;
    const time = moment((Math.floor(untilMs / periodMs) - this.#at) * periodMs * 1e6);
    const known = series.filter((one) => one.values[at] !== null);
    const parts = known.map((one) => `${one.pool} ${bytes(one.values[at])}`);
    text(this.readout, `${time}  ${parts.length ? parts.join(' · ') : 'not known: no collector looked'}`);
  }

  #paint() {
    const drawing = this.#data && prepare(this.canvas);
    if (!drawing) return;
    const { context, width, height } = drawing;
    const total = sums(this.#data.series);
    const top = scaleFor(Math.max(1, ...total.filter((sum) => sum !== null)));
    const plot = { left: 0, width, floor: height - BELOW, height: height - BELOW - ABOVE };
    const x = (at) => (plot.width * at) / total.length;
    const y = (value) => plot.floor - (plot.height * value) / top;
    this.#grid(context, plot, top);
    this.#gaps(context, plot, total, x);
    let below = total.map(() => 0);
    for (const one of this.#data.series) {
      const above = below.map((value, at) => value + (one.values[at] ?? 0));
      this.#area(context, one, stretches(one.values, (value) => value > 0), below, above, x, y);
      below = above;
    }
    this.#cross(context, plot, total.length, x);
  }

  #grid(context, plot, top) {
    const [line, soft] = [resolved('var(--line)'), resolved('var(--soft)')];
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    context.fillStyle = soft;
    for (const share of [0, 0.5, 1]) {
      context.fillStyle = line;
      context.fillRect(plot.left, Math.round(plot.floor - plot.height * share), plot.width, 1);
    }
    context.fillStyle = soft;
    context.textAlign = 'left';
    context.fillText(bytes(top), plot.left, plot.floor - plot.height - 4);
    const minutes = Math.round((this.#data.series[0].values.length * this.#data.periodMs) / 60_000);
    context.fillText(`${minutes} min ago`, plot.left, plot.floor + 13);
    context.textAlign = 'right';
    context.fillText('now', plot.left + plot.width, plot.floor + 13);
  }

  // Nothing is known before the first value either; hatched is only what is missing since.
  #gaps(context, plot, total, x) {
    const pattern = hatch(context);
    const first = total.findIndex((sum) => sum !== null);
    for (const [from, to] of first < 0 ? [] : stretches(total, (sum) => sum === null)) {
      if (from < first) continue;
      context.fillStyle = pattern;
      context.fillRect(x(from), plot.floor - plot.height, x(to) - x(from), plot.height);
    }
  }

  #area(context, one, runs, below, above, x, y) {
    const colour = resolved(poolColour(one.pool));
    for (const [from, to] of runs) {
      const edge = new Path2D();
      edge.moveTo(x(from), y(above[from]));
      for (let at = from; at < to; ++at) {
        edge.lineTo(x(at), y(above[at]));
        edge.lineTo(x(at + 1), y(above[at]));
      }
      const area = new Path2D(edge);
      for (let at = to - 1; at >= from; --at) {
        area.lineTo(x(at + 1), y(below[at]));
        area.lineTo(x(at), y(below[at]));
      }
      context.globalAlpha = 0.38;
      context.fillStyle = colour;
      context.fill(area);
      context.globalAlpha = 1;
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.stroke(edge);
    }
  }

  #cross(context, plot, count, x) {
    if (this.#at === null) return;
    context.fillStyle = resolved('var(--text)');
    context.globalAlpha = 0.5;
    context.fillRect(Math.round(x(count - 0.5 - this.#at)), plot.floor - plot.height, 1, plot.height);
    context.globalAlpha = 1;
  }
}
