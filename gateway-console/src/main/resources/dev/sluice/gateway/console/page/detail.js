// One shard, asked for once a second while it is open.

import {get} from './api.js';
import {colours, onTheme} from './colours.js';
import * as format from './format.js';
import {paintSwatch, state, swatch} from './states.js';

const PERIOD_MILLIS = 1_000;
const TYPES_SHOWN = 12;

/** Close codes of the gateway that an operator meets, in words. */
const CLOSE_CODES = {
  1000: 'closed normally', 1001: 'going away', 1006: 'no close frame', 1011: 'internal error',
  1012: 'service restart', 1013: 'try again later',
  4000: 'unknown error', 4001: 'unknown opcode', 4002: 'decode error', 4003: 'not authenticated',
  4004: 'authentication failed', 4005: 'already authenticated', 4006: 'session no longer valid',
  4007: 'invalid sequence', 4008: 'rate limited', 4009: 'session timed out', 4010: 'invalid shard',
  4011: 'sharding required', 4012: 'invalid API version', 4013: 'invalid intents', 4014: 'disallowed intents',
};

const CAUSES = {
  START: 'first dial', DIAL_FAILED: 'dial failed', TIMED_OUT: 'no answer in time', CLOSED: 'closed by the gateway',
  LOST: 'lost without a close frame', REQUESTED: 'the gateway asked for it',
  INVALID_SESSION: 'invalid session', ZOMBIE: 'heartbeats not acknowledged', PROTOCOL_ERROR: 'protocol error',
};

export class Detail {
  /**
   * @param aside where it is shown
   * @param model whether control is on
   * @param onClose called when the user closes it
   * @param onReconnect called with shard count and id
   */
  constructor(aside, model, onClose, onReconnect) {
    this.aside = aside;
    this.model = model;
    this.onClose = onClose;
    this.onReconnect = onReconnect;
    this.shard = null;
    this.timer = 0;
    this.abort = null;
    this.last = null;
    aside.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.onClose();
      }
    });
    onTheme(() => this.last && this.show(this.last));
  }

  /** Opens a shard, in place of the one that was open. */
  open(of, id) {
    this.stop();
    this.shard = {of, id};
    this.last = null;
    this.build();
    this.aside.hidden = false;
    this.ask();
  }

  close() {
    this.stop();
    this.shard = null;
    this.last = null;
    this.aside.hidden = true;
    this.aside.replaceChildren();
  }

  stop() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = null;
  }

  focus() {
    this.title.focus();
  }

  async ask() {
    const abort = new AbortController();
    this.abort = abort;
    const {of, id} = this.shard;
    try {
      const shard = await get(`api/shards/${id}?of=${of}`, abort.signal);
      if (this.abort !== abort) {
        return;
      }
      this.show(shard);
      this.note.hidden = true;
    } catch (failure) {
      if (this.abort !== abort) {
        return;
      }
      this.note.textContent = failure.status === 404
        ? 'This shard is not here any more.'
        : failure.status ? failure.message : 'The bot does not answer. These figures are the last that came.';
      this.note.hidden = false;
    }
    this.timer = setTimeout(() => this.ask(), PERIOD_MILLIS);
  }

  build() {
    const {of, id} = this.shard;
    const head = element('header', 'head');
    this.title = element('h2', '', `Shard ${id} `);
    this.title.id = 'detail-title';
    this.title.tabIndex = -1;
    this.title.append(element('span', 'of', `of ${format.count(of)}`));
    const tools = element('div', 'tools');
    if (this.model.control) {
      const reconnect = button('Reconnect', () => this.onReconnect(of, id));
      reconnect.id = 'reconnect';
      tools.append(reconnect);
    }
    const close = button('\u00d7', () => this.onClose());
    close.classList.add('icon');
    close.id = 'detail-close';
    close.setAttribute('aria-label', 'Close');
    tools.append(close);
    head.append(this.title, tools);
    this.note = element('p', 'note');
    this.note.setAttribute('role', 'status');
    this.note.hidden = true;
    this.content = element('div', 'content');
    this.content.tabIndex = 0;
    this.content.setAttribute('role', 'region');
    this.content.setAttribute('aria-label', 'Figures of the shard');
    this.aside.replaceChildren(head, this.note, this.content);
    this.parts = null;
  }

  /** Builds the parts once; then only texts change, so that focus and scroll position stay. */
  show(shard) {
    this.last = shard;
    if (this.parts === null) {
      this.parts = {
        state: element('div', 'state'),
        session: list(['Age', 'Sequence', 'Identified', 'Resumed', 'Reconnects']),
        traffic: list(['Events', 'Received', 'Inflated']),
        heartbeats: list(['Last', 'Mean', 'p50', 'p99', 'Longest']),
        histogram: element('div', 'histogram'),
        reading: list(['Unhandled', 'Pauses', 'Paused in all']),
        types: element('div', 'types'),
        disconnects: element('ol', 'log'),
        transitions: element('ol', 'log'),
      };
      const {parts} = this;
      this.content.replaceChildren(
        parts.state,
        section('Session', parts.session.element),
        section('Traffic', parts.traffic.element),
        section('Heartbeats', parts.heartbeats.element, parts.histogram),
        section('Handling', parts.reading.element),
        section('Events by type', parts.types),
        section('Disconnects', parts.disconnects),
        section('Transitions', parts.transitions));
    }
    this.fillState(shard);
    this.fillFigures(shard);
    this.fillHistogram(shard.heartbeats.histogram);
    this.fillTypes(shard.traffic.types);
    this.fillLogs(shard);
  }

  fillState(shard) {
    const {parts} = this;
    const {label, hint} = state(shard.state);
    const since = shard.transitions.at(-1)?.at;
    const paused = shard.reading.paused;
    parts.swatch ??= swatch(shard.state, colours, 24, paused);
    paintSwatch(parts.swatch, shard.state, colours, 24, paused);
    const name = element('strong', '', label + (paused ? ', reading paused' : ''));
    const words = [hint];
    if (since) {
      words.push(`For ${format.span((shard.time - since) / 1000)}.`);
    }
    if (shard.identifyBlocked) {
      words.push('The identify breaker keeps it from starting a session.');
    }
    const text = element('p', '', words.join(' '));
    const column = element('div', '');
    column.append(name, text);
    parts.state.replaceChildren(parts.swatch, column);
  }

  fillFigures(shard) {
    const {parts} = this;
    const {session, traffic, heartbeats, reading} = shard;
    parts.session.fill([
      session.since === null ? 'none' : format.span((shard.time - session.since) / 1000),
      session.sequence === null ? '\u2013' : format.count(session.sequence),
      times(session.identifies),
      times(session.resumes) + (session.resumeFailures > 0 ? `, ${format.count(session.resumeFailures)} failed` : ''),
      format.count(session.reconnects),
    ]);
    const ratio = traffic.receivedBytes > 0 ? traffic.payloadBytes / traffic.receivedBytes : 0;
    parts.traffic.fill([
      format.count(traffic.events)
        + (traffic.eventsPerSecond === null ? '' : ` (${format.rate(traffic.eventsPerSecond)}/s)`),
      format.bytes(traffic.receivedBytes),
      format.bytes(traffic.payloadBytes) + (ratio >= 1.05 ? ` (\u00d7${ratio.toFixed(1)})` : ''),
    ]);
    const {histogram} = heartbeats;
    parts.heartbeats.fill([
      format.millis(heartbeats.lastMs),
      format.millis(heartbeats.meanMs),
      ...(histogram && histogram.count > 0
        ? [format.millis(histogram.p50Ms), format.millis(histogram.p99Ms), format.millis(histogram.maxMs)]
        : [null, null, null]),
    ]);
    parts.reading.fill([
      format.count(reading.queue),
      format.count(reading.pauses),
      reading.pausedMs < 1000 ? format.millis(reading.pausedMs) : format.span(reading.pausedMs / 1000),
    ]);
  }

  fillHistogram(histogram) {
    const box = this.parts.histogram;
    if (histogram === null) {
      box.replaceChildren(needsDetails());
      return;
    }
    if (histogram.count === 0) {
      box.replaceChildren(element('p', 'none', 'No heartbeat has been acknowledged yet.'));
      return;
    }
    const {boundsMs: bounds, counts} = histogram;
    // From the first to the last bucket that holds any, and one more on either side.
    const first = Math.max(0, counts.findIndex((count) => count > 0) - 1);
    let last = counts.length - 1;
    while (counts[last] === 0) {
      last--;
    }
    last = Math.min(counts.length - 1, last + 1);
    const most = Math.max(...counts);
    const bars = [];
    for (let i = first; i <= last; i++) {
      const bar = element('li', '');
      const fill = element('i', '');
      fill.style.height = counts[i] === 0 ? '0' : `max(2px, ${(100 * counts[i]) / most}%)`;
      const column = element('span', 'column');
      column.append(fill);
      const bound = i < bounds.length ? bounds[i] : null;
      const label = element('span', 'bound', bound === null ? `>${axis(bounds.at(-1))}` : axis(bound));
      const text = bound === null ? `over ${format.millis(bounds.at(-1))}` : `at most ${format.millis(bound)}`;
      label.setAttribute('aria-hidden', 'true');
      bar.title = `${text}: ${format.count(counts[i])}`;
      bar.append(element('span', 'vh', bar.title), column, label);
      bars.push(bar);
    }
    const chart = element('ol', 'bars');
    chart.setAttribute('aria-label', 'Latencies of heartbeats by length');
    chart.append(...bars);
    box.replaceChildren(chart);
  }

  fillTypes(types) {
    const box = this.parts.types;
    if (types === null) {
      box.replaceChildren(needsDetails());
      return;
    }
    if (types.length === 0) {
      box.replaceChildren(element('p', 'none', 'No event has come yet.'));
      return;
    }
    const sorted = types.toSorted?.(([, a], [, b]) => b - a) ?? [...types].sort(([, a], [, b]) => b - a);
    const rest = sorted.slice(TYPES_SHOWN).reduce((sum, [, count]) => sum + count, 0);
    const shown = sorted.slice(0, TYPES_SHOWN);
    if (rest > 0) {
      shown.push([`${sorted.length - TYPES_SHOWN} more types`, rest]);
    }
    const most = Math.max(...shown.map(([, count]) => count));
    const all = element('ol', 'shares');
    all.append(...shown.map(([name, count]) => {
      const item = element('li', '');
      const fill = element('i', '');
      fill.style.width = `${(100 * count) / most}%`;
      item.append(fill, element('span', 'type', name), element('span', 'number', format.count(count)));
      return item;
    }));
    box.replaceChildren(all);
  }

  fillLogs({disconnects, transitions}) {
    const {parts} = this;
    parts.disconnects.replaceChildren(...entries(disconnects, ({at, cause, closeCode}) => {
      const code = closeCode > 0
        ? `: ${closeCode}${CLOSE_CODES[closeCode] ? ', ' + CLOSE_CODES[closeCode] : ''}` : '';
      return entry(at, (CAUSES[cause] ?? format.words(cause)) + code);
    }, 'None.'));
    parts.transitions.replaceChildren(...entries(transitions, ({at, from, to}) =>
      entry(at, `${state(from).label} \u2192 ${state(to).label}`), 'None since the console was attached.'));
  }
}

function axis(millis) {
  return millis >= 1000 ? `${millis / 1000}s` : String(millis);
}

function times(count) {
  return count === 1 ? 'once' : count === 2 ? 'twice' : count === 0 ? 'never' : format.count(count) + ' times';
}

function needsDetails() {
  const text = element('p', 'none', 'Kept for each shard only with ');
  text.append(element('code', '', 'shardDetails(true)'), ' on the builder of the manager.');
  return text;
}

/** Newest first. */
function entries(all, toEntry, none) {
  return all.length === 0
    ? [element('li', 'none', none)]
    : all.map(toEntry).reverse();
}

function entry(at, text) {
  const item = element('li', '');
  const time = element('time', '', format.moment(at));
  time.dateTime = new Date(at).toISOString();
  item.append(time, element('span', '', text));
  return item;
}

function element(name, className, text) {
  const created = document.createElement(name);
  if (className) {
    created.className = className;
  }
  if (text !== undefined) {
    created.textContent = text;
  }
  return created;
}

function button(text, onClick) {
  const created = element('button', 'button', text);
  created.type = 'button';
  created.addEventListener('click', onClick);
  return created;
}

function section(title, ...content) {
  const created = element('section', '');
  created.append(element('h3', '', title), ...content);
  return created;
}

/** Terms with figures that change; one that is null is not shown. */
function list(terms) {
  const created = element('dl', 'facts');
  const rows = terms.map((term) => {
    const row = element('div', '');
    const value = element('dd', '');
    row.append(element('dt', '', term), value);
    created.append(row);
    return {row, value};
  });
  return {
    element: created,
    fill: (texts) => texts.forEach((text, i) => {
      rows[i].row.hidden = text === null;
      if (text !== null && rows[i].value.textContent !== text) {
        rows[i].value.textContent = text;
      }
    }),
  };
}
