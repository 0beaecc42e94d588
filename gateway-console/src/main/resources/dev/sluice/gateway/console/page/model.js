// What the bot said last: shards in columns, figures, history, timeline, operations.

import {BLOCKED, PAUSED} from './states.js';

const HISTORY_MILLIS = 30 * 60_000;
const MAX_ENTRIES = 500;
const COLUMNS = ['state', 'events', 'latencyMs', 'queue', 'since', 'reconnects', 'flags'];
const SERIES = ['events', 'received', 'inflated', 'p50Ms', 'p99Ms', 'reconnects', 'waiting', 'startsLeft', 'ready', 'queue', 'lagMs'];

/** The shards of one shard count. Two of them exist while a reshard runs. */
export class Generation {
  constructor(wire) {
    this.of = wire.of;
    this.current = wire.current;
    this.id = Int32Array.from(wire.id);
    this.size = this.id.length;
    for (const column of COLUMNS) {
      this[column] = Float64Array.from(wire[column]);
    }
    this.dense = this.size === 0 || this.id[this.size - 1] - this.id[0] === this.size - 1;
    this.places = this.dense ? null : new Map(Array.from(this.id, (id, place) => [id, place]));
  }

  /** Where in the columns a shard is, -1 when it is not here. */
  place(id) {
    if (!this.dense) {
      return this.places.get(id) ?? -1;
    }
    const place = id - this.id[0];
    return place >= 0 && place < this.size ? place : -1;
  }

  apply(changed) {
    for (let i = 0; i < changed.id.length; i++) {
      const place = this.place(changed.id[i]);
      if (place >= 0) {
        for (const column of COLUMNS) {
          if (column in changed) {
            this[column][place] = changed[column][i];
          }
        }
      }
    }
  }

  isPaused(place) {
    return (this.flags[place] & PAUSED) !== 0;
  }

  isBlocked(place) {
    return (this.flags[place] & BLOCKED) !== 0;
  }
}

/** All that the page knows. It changes only by what the stream says. */
export class Model {
  constructor() {
    this.name = 'Sluice';
    this.control = false;
    this.shardDetails = false;
    this.states = [];
    this.generations = [];
    this.figures = null;
    this.history = emptyHistory();
    this.timeline = [];
    this.operations = [];
    this.clockOffset = 0;
  }

  /** Everything anew. */
  fleet(wire) {
    this.name = wire.name;
    this.control = wire.control;
    this.shardDetails = wire.shardDetails;
    this.states = wire.states;
    this.attachedAt = wire.attachedAt;
    this.generations = wire.generations.map((generation) => new Generation(generation));
    this.figures = wire.figures;
    this.history = emptyHistory();
    this.history.time = wire.history.time.map((millis) => millis / 1000);
    for (const series of SERIES) {
      this.history[series] = wire.history[series] ?? this.history.time.map(() => null);
    }
    this.timeline = wire.timeline.slice(-MAX_ENTRIES);
    this.operations = wire.operations;
    this.clockOffset = wire.time - Date.now();
  }

  /** What changed since. */
  tick(wire) {
    for (const changed of wire.changed) {
      this.generations.find((generation) => generation.of === changed.of)?.apply(changed);
    }
    this.figures = wire.figures;
    this.clockOffset = wire.time - Date.now();
    if (wire.operations) {
      this.operations = wire.operations;
    }
    this.remember(wire.figures);
  }

  /** Adds entries to the timeline. */
  happened(entries) {
    const last = this.timeline.at(-1)?.seq ?? -1;
    this.timeline = this.timeline.concat(entries.filter((entry) => entry.seq > last)).slice(-MAX_ENTRIES);
  }

  /** The clock of the bot's host, whatever the clock here says. */
  now() {
    return Date.now() + this.clockOffset;
  }

  /** The generation that guilds route to. */
  current() {
    return this.generations.find((generation) => generation.current) ?? this.generations[0] ?? null;
  }

  generation(of) {
    return this.generations.find((generation) => generation.of === of) ?? null;
  }

  stateName(generation, place) {
    return this.states[generation.state[place]] ?? 'UNKNOWN';
  }

  shardsIn(name) {
    return this.figures?.states[this.states.indexOf(name)] ?? 0;
  }

  remember(figures) {
    const {history} = this;
    const seconds = figures.time / 1000;
    if (history.time.length > 0 && seconds <= history.time.at(-1)) {
      return; // the snapshot had this point
    }
    const point = {
      events: figures.events,
      received: figures.received,
      inflated: figures.inflated,
      p50Ms: figures.latency?.p50Ms ?? null,
      p99Ms: figures.latency?.p99Ms ?? null,
      reconnects: figures.reconnects,
      waiting: figures.identifyQueue.waiting,
      startsLeft: figures.budget.left,
      ready: this.shardsIn('READY'),
      queue: figures.queue,
      lagMs: Math.max(0, ...figures.loops.map((loop) => loop.lagMs)),
    };
    history.time.push(seconds);
    for (const series of SERIES) {
      history[series].push(point[series]);
    }
    let old = 0;
    while (history.time[old] < seconds - HISTORY_MILLIS / 1000) {
      old++;
    }
    if (old > 60) { // seldom, for it moves every array
      history.time.splice(0, old);
      for (const series of SERIES) {
        history[series].splice(0, old);
      }
    }
  }
}

function emptyHistory() {
  const history = {time: []};
  for (const series of SERIES) {
    history[series] = [];
  }
  return history;
}
