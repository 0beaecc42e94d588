// The figures of the fleet: what they are now and what they were, one tile each.

import uPlot from './vendor/uplot/uPlot.esm.js';
import {colours, onTheme} from './colours.js';
import * as format from './format.js';

const WINDOW_SECONDS = 10 * 60;
const SYNC = 'sluice';
const FONT = '11px system-ui, sans-serif';
const LOW = 72; // a plot lower than this many pixels has no room for times
const WHOLE = [1, 2, 5].flatMap((step) => [0, 1, 2, 3, 4, 5, 6, 7].map((zeros) => step * 10 ** zeros)).sort((a, b) => a - b);

/** Each tile: its lines, how a value is written, and what is said below the value. */
const TILES = [
  {
    key: 'events', title: 'Events', unit: '/s', lines: ['events'], text: format.rate, axis: axisCount, least: 10,
    more: (figures) => format.short(figures.totals.events) + ' so far',
  },
  {
    key: 'bytes', title: 'Received', unit: '/s', lines: ['received', 'inflated'], names: ['on the wire', 'inflated'],
    text: format.bytes, axis: axisBytes, least: 1_000,
  },
  {
    key: 'latency', title: 'Heartbeat latency', lines: ['p50Ms', 'p99Ms'], names: ['p50', 'p99'],
    text: format.millis, axis: axisMillis, least: 10,
  },
  {
    key: 'queue', title: 'Unhandled events', lines: ['queue'], text: format.count, axis: axisCount, least: 10,
    more: (figures) => figures.paused > 0
      ? format.plural(figures.paused, 'shard') + ' paused'
      : figures.pauses > 0 ? format.plural(figures.pauses, 'pause') + ' so far' : 'no pauses so far',
  },
  {
    key: 'reconnects', title: 'Reconnects', lines: ['reconnects'], bars: true, text: format.count,
    axis: axisCount, least: 4,
    now: (figures) => figures.totals.reconnects,
    more: (figures) => figures.totals.sessionsLost > 0
      ? format.plural(figures.totals.sessionsLost, 'session') + ' lost'
      : format.count(figures.totals.resumes) + ' resumed',
  },
  {
    key: 'waiting', title: 'Identify queue', lines: ['waiting'], text: format.count, axis: axisCount, least: 4,
    more: ({identifyQueue: queue}) => {
      if (queue.blocked) {
        return 'held by the breaker';
      }
      if (queue.waiting === 0) {
        return queue.maxConcurrency ? `${format.count(queue.maxConcurrency)} at a time` : 'nobody waits';
      }
      return queue.leftMs === null ? 'time not known' : `done in ${format.span(queue.leftMs / 1000)}`;
    },
  },
  {
    key: 'budget', title: 'Session starts left', lines: ['startsLeft'], text: format.count, axis: axisCount, least: 10,
    more: ({budget}, now) => {
      if (budget.left === null) {
        return 'not known here';
      }
      const of = budget.total === null ? '' : `of ${format.count(budget.total)}`;
      const resets = budget.resetAt > now ? `anew in ${format.span((budget.resetAt - now) / 1000, 1)}` : '';
      return [of, resets].filter((part) => part !== '').join('\n');
    },
  },
  {
    key: 'lag', title: 'Event loop lag', lines: ['lagMs'], text: format.millis, axis: axisMillis, least: 1,
    more: (figures) => format.plural(figures.loops.length, 'loop')
      + (figures.totals.handlerFailures > 0 ? `, ${format.short(figures.totals.handlerFailures)} failures` : ''),
  },
];

function axisCount(value) {
  return format.short(value).replace(/\.0+(?=[kMG]$)/, '').replace(/(\.\d)0(?=[kMG]$)/, '$1');
}

function axisMillis(value) {
  return value >= 1000 ? format.short(value / 1000) + 's' : String(value);
}

function axisBytes(value) {
  return value === 0 ? '0' : format.bytes(value).replace(/\.0+(?= )/, '').replace(/(\.\d)0(?= )/, '$1').replace(' ', '');
}

export class Charts {
  constructor(element, model) {
    this.model = model;
    this.cursor = null; // index of the point under the pointer, in all tiles
    this.tiles = TILES.map((tile) => this.tile(tile));
    element.append(...this.tiles.map(({element: tile}) => tile));
    const observer = new ResizeObserver((entries) => entries.forEach(({target}) =>
      this.tiles.find(({plot}) => plot === target)?.resize()));
    this.tiles.forEach(({plot}) => observer.observe(plot));
    onTheme(() => this.tiles.forEach((tile) => tile.rebuild()));
  }

  /** Shows what the model says now. */
  update() {
    this.window();
    this.tiles.forEach((tile) => tile.update());
  }

  /** The part of the history that is shown. */
  window() {
    const {time} = this.model.history;
    const end = time.at(-1) ?? this.model.now() / 1000;
    let start = 0;
    while (start < time.length && time[start] < end - WINDOW_SECONDS) {
      start++;
    }
    this.start = start;
    this.times = time.slice(start);
    // A young history fills the width only by and by, or two points would look like a trend.
    this.range = [Math.min(this.times[0] ?? end, end - 60), end];
  }

  tile(spec) {
    const element = document.createElement('article');
    element.className = 'panel tile';
    element.dataset.tile = spec.key;
    const title = document.createElement('h2');
    title.textContent = spec.title;
    const value = document.createElement('p');
    value.className = 'value';
    const more = document.createElement('p');
    more.className = 'more';
    const words = document.createElement('div');
    words.className = 'words';
    words.append(title, value, more);
    const plot = document.createElement('div');
    plot.className = 'plot';
    plot.setAttribute('role', 'img');
    element.append(words, plot);

    let chart = null;
    const inks = () => spec.lines.map((line, i) => colours(i === 0 ? '--line-one' : '--line-two'));
    const data = () => [this.times, ...spec.lines.map((line) => this.model.history[line].slice(this.start))];
    const build = () => {
      const {clientWidth: width, clientHeight: height} = plot;
      if (width < 40 || height < 24 || this.times === undefined) {
        return;
      }
      chart?.destroy();
      chart = new uPlot(options(spec, width, height, inks(), this), data(), plot);
    };
    const at = (figures) => {
      const index = this.cursor;
      const there = (line) => this.model.history[line][this.start + index];
      if (index !== null && index < this.times.length) {
        return {values: spec.lines.map(there), when: this.times[index] * 1000};
      }
      const last = spec.lines.map((line) => this.model.history[line].at(-1));
      return {values: spec.now ? [spec.now(figures)] : last, when: null};
    };
    const write = () => {
      const {figures} = this.model;
      if (figures === null) {
        return;
      }
      const {values, when} = at(figures);
      const number = spec.text(values[0]);
      // The unit is smaller than the number: 1.20 MB/s.
      const [, digits, unit] = /^(\S+?)(\s?[a-zA-Z]*)$/.exec(number) ?? [null, number, ''];
      const small = document.createElement('span');
      small.textContent = unit + (spec.unit ?? '');
      value.replaceChildren(digits, small);
      if (spec.names) {
        value.prepend(key(0));
        more.replaceChildren(key(1), `${spec.text(values[1])}${spec.unit ?? ''} ${spec.names[1]}`);
        title.textContent = when === null ? spec.title : `${spec.title}, ${format.time(when)}`;
        value.title = spec.names[0];
      } else {
        more.textContent = when === null ? spec.more(figures, this.model.now()) : `at ${format.time(when)}`;
      }
    };
    const describe = () => {
      const line = this.model.history[spec.lines[0]].slice(this.start).filter((point) => point !== null);
      plot.setAttribute('aria-label', line.length === 0
        ? `${spec.title}: nothing measured yet`
        : `${spec.title} of the last ${format.span(this.times.at(-1) - this.times[0])}:`
          + ` from ${spec.text(Math.min(...line))} to ${spec.text(Math.max(...line))}, now ${spec.text(line.at(-1))}`);
    };
    return {
      element,
      plot,
      write,
      rebuild: () => { build(); write(); },
      resize: () => {
        if (chart && plot.clientWidth >= 40 && plot.clientHeight >= 24) {
          if ((chart.height < LOW) === (plot.clientHeight < LOW)) {
            chart.setSize({width: plot.clientWidth, height: plot.clientHeight});
          } else {
            build(); // with or without times
          }
        } else if (!chart) {
          build();
        }
      },
      update: () => {
        if (chart === null) {
          build();
        } else {
          chart.setData(data());
        }
        write();
        describe();
      },
    };
  }

  /** The pointer is over a point of one tile: all tiles show that moment. */
  moved(index) {
    if (index !== this.cursor) {
      this.cursor = index;
      this.tiles.forEach((tile) => tile.write());
    }
  }
}

function key(index) {
  const mark = document.createElement('i');
  mark.className = index === 0 ? 'key one' : 'key two';
  mark.setAttribute('aria-hidden', 'true');
  return mark;
}

function options(spec, width, height, inks, charts) {
  const grid = colours('--plot-grid');
  const text = colours('--muted');
  return {
    width,
    height,
    padding: [6, 20, height < LOW ? 6 : 0, 0],
    legend: {show: false},
    cursor: {
      y: false,
      sync: {key: SYNC},
      points: {size: 5, width: 0},
      drag: {setScale: false, x: false, y: false},
    },
    select: {show: false},
    hooks: {setCursor: [(chart) => charts.moved(chart.cursor.idx ?? null)]},
    scales: {
      x: {time: true, range: () => charts.range},
      y: {range: (chart, min, max) => [0, Math.max(spec.least ?? 1, (max ?? 0) * 1.1)]},
    },
    axes: [
      {
        show: height >= LOW, stroke: text, font: FONT, size: 18, gap: 4, space: 64, grid: {show: false}, ticks: {show: false},
        values: (chart, ticks, axis, space, step) =>
          ticks.map((tick) => format.time(tick * 1000).slice(0, step < 60 ? 8 : 5)),
        incrs: [30, 60, 120, 300, 600],
      },
      {
        stroke: text, font: FONT, size: 44, gap: 6, space: 26,
        grid: {stroke: grid, width: 1}, ticks: {show: false},
        incrs: spec.axis === axisCount ? WHOLE : undefined,
        values: (chart, ticks) => ticks.map(spec.axis),
      },
    ],
    series: [
      {},
      ...spec.lines.map((line, i) => ({
        stroke: inks[i],
        width: 1.5,
        dash: i === 1 ? [4, 3] : undefined,
        fill: i === 0 ? colours('--line-fill') : undefined,
        points: {show: false},
        spanGaps: true,
        paths: spec.bars ? uPlot.paths.stepped({align: -1}) : undefined,
      })),
    ],
  };
}
