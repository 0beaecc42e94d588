// The fleet as squares on a canvas. Only what is in view is drawn, whatever the number of shards:
// the canvas is as large as the view and stays in it while the space around it scrolls.

import {colours, onTheme} from './colours.js';
import * as format from './format.js';
import {drawState, state} from './states.js';

// From the largest to the smallest; the first with which everything fits is taken.
const CARDS = [
  {width: 208, height: 88, gap: 8, card: 'large'},
  {width: 152, height: 64, gap: 8, card: 'large'},
  {width: 104, height: 48, gap: 8, card: 'small'},
  {width: 64, height: 32, gap: 4, card: 'number'},
  {width: 52, height: 24, gap: 4, card: 'number'},
];
const SQUARES = [24, 20, 16, 14, 12].map((pitch) => ({
  width: pitch - 2, height: pitch - 2, gap: 2, card: 'none',
}));
const GUTTER = 40; // for the number of the first shard of a row
const HEADING = 32;
const PADDING = 8;
const MAX_STRETCH = 0.75; // of a card's width
const COARSE_PITCH = 16; // a finger needs more room than a pointer
const HEAT_STEPS = 24;
const DIM = 0.16;

/** How a figure of a shard becomes a share of the ramp, and a text. */
const MEASURES = {
  events: {title: 'Events/s', text: format.rate, values: (g) => g.events},
  latency: {title: 'Heartbeat latency', text: format.millis, values: (g) => g.latencyMs},
  queue: {title: 'Unhandled events', text: format.count, values: (g) => g.queue},
};

export class Grid {
  /**
   * @param elements box (scrolls), space, canvas, tip, spoken
   * @param model what to draw
   * @param onOpen called with shard count and shard id when a shard is opened
   */
  constructor(elements, model, onOpen) {
    Object.assign(this, elements);
    this.context = this.canvas.getContext('2d', {alpha: true});
    this.model = model;
    this.onOpen = onOpen;
    this.blocks = [];
    this.shape = CARDS[0];
    this.limit = null; // of the height, where the height follows the fleet
    this.colour = 'state';
    this.filter = null; // name of a state, or 'PAUSED'
    this.focus = null; // {of, id}
    this.hover = null;
    this.open = null;
    this.sprites = new Map();
    this.frame = 0;
    this.width = 0;
    this.height = 0;
    this.coarse = matchMedia('(pointer: coarse)');
    this.box.addEventListener('scroll', () => { this.hideTip(); this.draw(); }, {passive: true});
    this.box.addEventListener('keydown', (event) => this.key(event));
    this.box.addEventListener('focus', () => { this.focus ??= this.first(); this.draw(); });
    this.box.addEventListener('blur', () => this.draw());
    this.box.addEventListener('pointermove', (event) => this.point(event));
    this.box.addEventListener('pointerleave', () => { this.hover = null; this.hideTip(); this.draw(); });
    this.box.addEventListener('click', (event) => {
      const hit = this.hit(event);
      if (hit) {
        this.focus = hit;
        this.draw();
        this.onOpen(hit.of, hit.id);
      }
    });
    new ResizeObserver(() => this.resized()).observe(this.box);
    onTheme(() => { this.sprites.clear(); this.draw(); });
  }

  /** The set of shards is another one. */
  changed() {
    if (this.focus && !this.find(this.focus)) {
      this.focus = null;
    }
    this.hover = null;
    this.hideTip();
    this.layOut();
    this.draw();
  }

  /** Figures of shards are others. */
  ticked() {
    if (this.hover && !this.tip.hidden) {
      this.fillTip(this.hover);
    }
    this.draw();
  }

  setColour(colour) {
    this.colour = colour;
    this.draw();
  }

  setFilter(filter) {
    this.filter = filter;
    this.draw();
  }

  /** Marks the shard whose detail is open. */
  setOpen(shard) {
    this.open = shard;
    if (shard) {
      this.focus = shard;
      this.scrollTo(shard);
    }
    this.draw();
  }

  matches(generation, place) {
    if (this.filter === null) {
      return true;
    }
    return this.filter === 'PAUSED'
      ? generation.isPaused(place)
      : this.model.stateName(generation, place) === this.filter;
  }

  // Where things are.

  resized() {
    const scale = window.devicePixelRatio || 1;
    this.width = this.box.clientWidth;
    this.height = this.box.clientHeight;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.canvas.style.width = this.width + 'px';
    this.canvas.style.height = this.height + 'px';
    if (scale !== this.scale) {
      this.scale = scale;
      this.sprites.clear();
    }
    this.layOut();
    this.drawNow(); // a resized canvas is empty
  }

  layOut() {
    if (this.width === 0) {
      return;
    }
    const coarse = this.coarse.matches;
    const shapes = CARDS.concat(SQUARES.filter(({width}) => !coarse || width + 2 >= COARSE_PITCH));
    const room = this.limit ?? this.height;
    let blocks = [];
    for (const shape of shapes) {
      this.shape = shape;
      blocks = this.place(shape);
      if (this.total <= room) {
        break;
      }
    }
    this.blocks = blocks;
    this.space.style.height = Math.max(this.total, 0) + 'px';
  }

  place(shape) {
    const headings = this.model.generations.length > 1;
    const gutter = shape.card === 'none' ? GUTTER : 0;
    const pitchX = shape.width + shape.gap;
    const pitchY = shape.height + shape.gap;
    const available = this.width - 2 * PADDING - gutter + shape.gap;
    let columns = Math.max(1, Math.floor(available / pitchX));
    if (gutter > 0 && columns >= 10) {
      columns -= columns % (columns >= 30 ? 10 : columns >= 20 ? 5 : 4); // for round numbers of rows
    }
    let top = PADDING;
    const blocks = [];
    const most = columns;
    for (const generation of this.model.generations) {
      top += headings ? HEADING : 0;
      const rows = Math.ceil(generation.size / most);
      let stretch = 0;
      columns = most;
      if (shape.card !== 'none') {
        // Cards fill their last row and share out the width; squares stay squares.
        columns = Math.max(1, Math.ceil(generation.size / Math.max(1, rows)));
        stretch = Math.min(
          Math.floor((available - columns * pitchX) / columns), Math.round(shape.width * MAX_STRETCH));
      }
      blocks.push({
        generation, top, columns, rows, left: PADDING + gutter,
        width: shape.width + stretch, pitchX: pitchX + stretch, pitchY, heading: headings,
      });
      top += rows * pitchY + (headings ? PADDING : 0);
    }
    this.total = top - shape.gap + PADDING;
    return blocks;
  }

  find(shard) {
    const block = this.blocks.find(({generation}) => generation.of === shard.of);
    const place = block ? block.generation.place(shard.id) : -1;
    return place < 0 ? null : {block, place};
  }

  first() {
    const block = this.blocks.find(({generation}) => generation.size > 0);
    return block ? {of: block.generation.of, id: block.generation.id[0]} : null;
  }

  hit(event) {
    const bounds = this.box.getBoundingClientRect();
    const x = event.clientX - bounds.left - this.box.clientLeft;
    const y = event.clientY - bounds.top - this.box.clientTop + this.box.scrollTop;
    for (const {generation, top, left, columns, rows, pitchX, pitchY} of this.blocks) {
      const column = Math.floor((x - left) / pitchX);
      const row = Math.floor((y - top) / pitchY);
      if (column >= 0 && column < columns && row >= 0 && row < rows) {
        const place = row * columns + column;
        return place < generation.size ? {of: generation.of, id: generation.id[place]} : null;
      }
    }
    return null;
  }

  scrollTo(shard) {
    const found = this.find(shard);
    if (!found) {
      return;
    }
    const {block, place} = found;
    const top = block.top + Math.floor(place / block.columns) * block.pitchY;
    const from = this.box.scrollTop;
    if (top < from + PADDING) {
      this.box.scrollTop = top - PADDING - (block.heading ? HEADING : 0);
    } else if (top + block.pitchY > from + this.height) {
      this.box.scrollTop = top + block.pitchY + PADDING - this.height;
    }
  }

  // Drawing.

  draw() {
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => this.drawNow());
    }
  }

  drawNow() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.width === 0 || this.box.hidden) {
      return;
    }
    const {context} = this;
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const from = this.box.scrollTop;
    const ramp = this.colour === 'state' ? null : this.ramp();
    for (const block of this.blocks) {
      this.drawBlock(block, from, ramp);
    }
    for (const [shard, ring] of [
      [this.hover, '--muted'], [this.open, '--text'],
      [document.activeElement === this.box ? this.focus : null, '--accent'],
    ]) {
      if (shard) {
        this.ring(shard, colours(ring));
      }
    }
  }

  drawBlock(block, from, ramp) {
    const {context, model, shape} = this;
    const {generation, top, left, columns, rows, pitchX, pitchY, width} = block;
    context.textBaseline = 'middle';
    if (block.heading && top - from > 0) {
      context.font = '600 12px system-ui, sans-serif';
      context.fillStyle = colours('--muted');
      context.textAlign = 'left';
      context.fillText(
        format.plural(generation.of, 'shard') + (generation.current ? ': guilds route here' : ': being started'),
        PADDING, top - from - HEADING / 2 + 2);
    }
    const firstRow = Math.max(0, Math.floor((from - top) / pitchY));
    const lastRow = Math.min(rows - 1, Math.floor((from - top + this.height) / pitchY));
    const labelEvery = Math.max(1, Math.ceil(14 / pitchY));
    const values = ramp?.measure.values(generation);
    for (let row = firstRow; row <= lastRow; row++) {
      const y = top + row * pitchY - from;
      if (shape.card === 'none' && row % labelEvery === 0) {
        context.font = '11px system-ui, sans-serif';
        context.fillStyle = colours('--muted');
        context.textAlign = 'right';
        context.globalAlpha = 1;
        context.fillText(generation.id[row * columns], left - 8, y + shape.height / 2 + 0.5);
      }
      const end = Math.min(generation.size, (row + 1) * columns);
      for (let place = row * columns, x = left; place < end; place++, x += pitchX) {
        context.globalAlpha = this.matches(generation, place) ? 1 : DIM;
        const name = model.stateName(generation, place);
        if (shape.card !== 'none') {
          this.drawCard(block, place, name, x, y, width, ramp, values);
        } else if (ramp && name === 'READY') {
          context.fillStyle = ramp.colour(values[place]);
          context.fillRect(x, y, shape.width, shape.height);
        } else {
          context.drawImage(
            this.sprite(name, generation.isPaused(place)), x, y, shape.width, shape.height);
        }
      }
    }
    context.globalAlpha = 1;
  }

  /** A state's square, drawn once for each size and theme. */
  sprite(name, paused) {
    const size = this.shape.width;
    const key = name + (paused ? '+' : '-') + size;
    let sprite = this.sprites.get(key);
    if (!sprite) {
      sprite = document.createElement('canvas');
      sprite.width = sprite.height = Math.round(size * this.scale);
      const context = sprite.getContext('2d');
      context.scale(sprite.width / size, sprite.height / size);
      drawState(context, name, paused, 0, 0, size, colours);
      this.sprites.set(key, sprite);
    }
    return sprite;
  }

  drawCard({generation}, place, name, x, y, width, ramp, values) {
    const {context, shape} = this;
    const height = shape.height;
    const ready = name === 'READY';
    const paused = generation.isPaused(place);
    context.beginPath();
    context.roundRect(x + 0.5, y + 0.5, width - 1, height - 1, 4);
    context.fillStyle = colours('--card');
    context.fill();
    context.strokeStyle = ready && !paused ? colours('--line') : colours('--line-strong');
    context.lineWidth = 1;
    context.stroke();
    context.textAlign = 'left';
    const {size: swatch, middle: below} = squareOf(shape);
    const middle = y + below;
    if (ramp && ready) {
      context.fillStyle = ramp.colour(values[place]);
      context.fillRect(x + 8, middle - swatch / 2, swatch, swatch);
    } else {
      drawState(context, name, paused, x + 8, middle - swatch / 2, swatch, colours);
    }
    context.fillStyle = colours('--text');
    context.font = (shape.card === 'number' ? '' : '600 ') + '12px system-ui, sans-serif';
    context.fillText(generation.id[place], x + 8 + swatch + 6, middle + 0.5);
    if (shape.card === 'number') {
      return;
    }
    context.fillStyle = colours('--muted');
    context.font = '12px system-ui, sans-serif';
    const label = paused && ready ? 'Paused' : state(name).label;
    const events = format.rate(generation.events[place]) + '/s';
    const latency = format.millis(generation.latencyMs[place]);
    if (shape.card === 'small') {
      context.fillText(
        ready && !paused ? (ramp ? ramp.measure.text(values[place]) : events) : label,
        x + 8, y + height - 14, width - 16);
      return;
    }
    context.textAlign = 'right';
    context.fillText(label, x + width - 8, middle + 0.5, width - 64);
    context.textAlign = 'left';
    if (height < 80) {
      context.fillText(events, x + 8, y + height - 16, width / 2 - 8);
      context.textAlign = 'right';
      context.fillText(latency, x + width - 8, y + height - 16, width / 2 - 8);
      return;
    }
    context.font = '600 16px system-ui, sans-serif';
    context.fillStyle = colours('--text');
    context.fillText(format.rate(generation.events[place]), x + 8, y + 46, width / 2 - 12);
    context.fillText(latency, x + width / 2 + 4, y + 46, width / 2 - 12);
    context.font = '11px system-ui, sans-serif';
    context.fillStyle = colours('--muted');
    context.fillText('events/s', x + 8, y + 66);
    context.fillText('latency', x + width / 2 + 4, y + 66);
  }

  /** Where a shard is in the view. */
  corner({block, place}) {
    return {
      x: block.left + (place % block.columns) * block.pitchX,
      y: block.top + Math.floor(place / block.columns) * block.pitchY - this.box.scrollTop,
    };
  }

  /** Where the square is in the view that has the colour of a shard's state. */
  square(shard) {
    const {x, y} = this.corner(this.find(shard));
    const {size, left, middle} = squareOf(this.shape);
    return {x: x + left, y: y + middle - size / 2, size};
  }

  ring(shard, colour) {
    const found = this.find(shard);
    if (!found) {
      return;
    }
    const {block} = found;
    const {x, y} = this.corner(found);
    const {context, shape} = this;
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.beginPath();
    context.roundRect(x - 2, y - 2, block.width + 4, shape.height + 4, shape.card === 'none' ? 3 : 6);
    context.stroke();
  }

  // The ramp of a measure: the largest value of now is its end, the scale is logarithmic above 1.

  ramp() {
    const measure = MEASURES[this.colour];
    let max = 0;
    for (const generation of this.model.generations) {
      for (const value of measure.values(generation)) {
        max = value > max ? value : max;
      }
    }
    const steps = Array.from({length: HEAT_STEPS + 1}, (unused, step) =>
      mix(colours('--heat-low'), colours('--heat-middle'), colours('--heat-high'), step / HEAT_STEPS));
    const end = Math.log1p(max);
    return {
      measure,
      max,
      steps,
      colour: (value) => steps[value <= 0 || end === 0 ? 0 : Math.round((HEAT_STEPS * Math.log1p(value)) / end)],
    };
  }

  // Pointer and keys.

  point(event) {
    if (event.pointerType === 'touch') {
      return;
    }
    const hit = this.hit(event);
    const same = hit && this.hover && hit.of === this.hover.of && hit.id === this.hover.id;
    this.hover = hit;
    this.box.classList.toggle('over', hit !== null);
    if (!hit) {
      this.hideTip();
    } else {
      if (!same || this.tip.hidden) {
        this.fillTip(hit);
      }
      this.tip.hidden = false;
      const x = Math.min(event.clientX + 16, innerWidth - this.tip.offsetWidth - 8);
      const below = event.clientY + 20;
      const y = below + this.tip.offsetHeight > innerHeight - 8
        ? event.clientY - this.tip.offsetHeight - 12 : below;
      this.tip.style.transform = `translate(${Math.max(8, x)}px, ${Math.max(8, y)}px)`;
    }
    if (!same) {
      this.draw();
    }
  }

  fillTip(shard) {
    const found = this.find(shard);
    if (!found) {
      this.hideTip();
      return;
    }
    const {block: {generation}, place} = found;
    const title = document.createElement('strong');
    title.textContent = `Shard ${shard.id}`;
    const lines = this.describe(generation, place).map((text) => {
      const line = document.createElement('span');
      line.textContent = text;
      return line;
    });
    this.tip.replaceChildren(title, ...lines);
  }

  hideTip() {
    this.tip.hidden = true;
    this.box.classList.remove('over');
  }

  /** What is said of a shard, in the tip and to a screen reader. */
  describe(generation, place) {
    const name = this.model.stateName(generation, place);
    const lines = [state(name).label + (generation.isPaused(place) ? ', reading paused' : '')];
    lines.push(format.rate(generation.events[place]) + ' events/s');
    lines.push(generation.latencyMs[place] >= 0
      ? format.millis(generation.latencyMs[place]) + ' latency' : 'no heartbeat yet');
    if (generation.queue[place] > 0) {
      lines.push(format.count(generation.queue[place]) + ' unhandled');
    }
    if (generation.since[place] > 0) {
      lines.push('session of ' + format.span(this.model.now() / 1000 - generation.since[place]));
    }
    if (generation.isBlocked(place)) {
      lines.push('kept from identifying');
    }
    return lines;
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    this.focus ??= this.first();
    if (!this.focus) {
      return;
    }
    const {block, place} = this.find(this.focus) ?? {};
    if (!block) {
      return;
    }
    const page = Math.max(1, Math.floor(this.height / block.pitchY) - 1) * block.columns;
    let to = place;
    switch (event.key) {
      case 'ArrowLeft': to = place - 1; break;
      case 'ArrowRight': to = place + 1; break;
      case 'ArrowUp': to = place - block.columns; break;
      case 'ArrowDown': to = place + block.columns; break;
      case 'PageUp': to = Math.max(place % block.columns, place - page); break;
      case 'PageDown': to = Math.min(block.generation.size - 1, place + page); break;
      case 'Home': to = 0; break;
      case 'End': to = block.generation.size - 1; break;
      case 'Enter':
      case ' ':
        event.preventDefault();
        this.onOpen(this.focus.of, this.focus.id);
        return;
      default: return;
    }
    event.preventDefault();
    let {generation} = block;
    if (to < 0 || to >= generation.size) {
      const next = this.blocks[this.blocks.indexOf(block) + (to < 0 ? -1 : 1)];
      if (!next || next.generation.size === 0) {
        return; // at the edge
      }
      generation = next.generation;
      to = to < 0 ? generation.size - 1 : 0;
    }
    this.moveTo({of: generation.of, id: generation.id[to]});
  }

  /** Moves the focus and says what is there. */
  moveTo(shard) {
    this.focus = shard;
    this.scrollTo(shard);
    this.draw();
    const found = this.find(shard);
    this.spoken.textContent =
      `Shard ${shard.id}: ` + this.describe(found.block.generation, found.place).join(', ');
  }

  /** The next shard after the focus that is not ready, round the fleet; null when all are. */
  nextNotReady() {
    const all = this.blocks.flatMap(({generation}) =>
      Array.from(generation.id, (id, place) => ({of: generation.of, id, generation, place})));
    const at = this.focus
      ? all.findIndex(({of, id}) => of === this.focus.of && id === this.focus.id) : -1;
    for (let step = 1; step <= all.length; step++) {
      const {of, id, generation, place} = all[(at + step) % all.length];
      if (this.model.stateName(generation, place) !== 'READY') {
        return {of, id};
      }
    }
    return null;
  }
}

/** Where in a shard's shape the square is that has the colour of its state. */
function squareOf({card, width, height}) {
  switch (card) {
    case 'large': return {size: 12, left: 8, middle: 18};
    case 'small': return {size: 12, left: 8, middle: 15};
    case 'number': return {size: Math.min(12, height - 12), left: 8, middle: height / 2};
    default: return {size: width, left: 0, middle: height / 2};
  }
}

/** A colour between three given as rgb(...), the second in the middle. */
function mix(low, middle, high, share) {
  const [from, to, part] = (share < 0.5 ? [low, middle, share * 2] : [middle, high, share * 2 - 1])
    .map((value) => (typeof value === 'string' ? value.match(/\d+/g).map(Number) : value));
  const mixed = [0, 1, 2].map((i) => Math.round(from[i] + (to[i] - from[i]) * part));
  return `rgb(${mixed.join(' ')})`;
}
