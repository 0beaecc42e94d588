// Puts the page together: the stream changes the model, and what shows it is told.

import {get, post, Stream} from './api.js';
import {Charts} from './charts.js';
import {bindTheme, colours, onTheme} from './colours.js';
import {Detail} from './detail.js';
import {confirm, login} from './dialogs.js';
import * as format from './format.js';
import {Grid} from './grid.js';
import {Model} from './model.js';
import {Search} from './search.js';
import {ORDER, paintSwatch, state, swatch} from './states.js';
import {Table} from './table.js';
import {Timeline} from './timeline.js';

const SMALL_FLEET = 24; // up to here charts get the room, above it the grid does
const SMALL_FLEET_HEIGHT = 224;
const OPERATION_SHOWN_MILLIS = 15_000;

const byId = (id) => document.getElementById(id);
const model = new Model();
const chips = new Map();

/** The fleet as it is drawn; for whoever looks at the page from its console. */
export const grid = new Grid(
  {box: byId('grid'), space: byId('grid-space'), canvas: byId('canvas'), tip: byId('tip'), spoken: byId('spoken')},
  model, (of, id) => open(of, id));
const table = new Table(byId('table'), model, (of, id) => open(of, id));
const charts = new Charts(byId('figures'), model);
const timeline = new Timeline(byId('entries'), model, (of, id) => open(of, id));
const detail = new Detail(byId('detail'), model, () => close(), askReconnect);
const search = new Search(byId('search'), byId('search-list'), model, (of, id) => open(of, id), setFilter);

let filter = null;
let openedFrom = null; // what gets the focus back
let link = {kind: 'connecting', retryAt: 0, reason: '', since: Date.now()};
let firstFleet = true;

// The stream.

const stream = new Stream(
  (name, data) => {
    if (name === 'fleet') {
      model.fleet(data);
      fleet();
    } else if (name === 'tick') {
      model.tick(data);
      tick();
    } else if (name === 'timeline') {
      model.happened(data.entries);
      timeline.update();
    }
  },
  (kind, retryAt, reason) => {
    const before = link;
    link = {kind, retryAt, reason, since: before.kind === kind ? before.since : Date.now()};
    if (kind !== before.kind || retryAt !== before.retryAt) {
      showLink();
    }
    if (kind === 'login') {
      login(() => stream.connect());
    }
  });

/** Another set of shards, or the first. */
function fleet() {
  if (firstFleet) {
    performance.mark('sluice.fleet');
  }
  byId('name').textContent = model.name;
  byId('restart').hidden = byId('reshard').hidden = !model.control;
  const shards = model.generations.reduce((sum, {size}) => sum + size, 0);
  const small = shards <= SMALL_FLEET;
  byId('main').dataset.size = small ? 'small' : 'large';
  grid.limit = small ? SMALL_FLEET_HEIGHT : null;
  byId('empty').hidden = shards > 0;
  byId('empty').textContent = 'No shards yet. They appear when the manager has started.';
  byId('grid').hidden = shards === 0 || !byId('table').hidden;
  grid.changed();
  timeline.replace();
  if (detail.shard && !model.generation(detail.shard.of)) {
    close();
  }
  tick();
  if (firstFleet && shards > 0) {
    firstFleet = false;
    grid.drawNow();
    // After the next frame the shards are on the screen.
    requestAnimationFrame(() => setTimeout(() => {
      performance.mark('sluice.drawn');
      performance.measure('sluice.render', 'sluice.fleet', 'sluice.drawn');
      document.documentElement.dataset.drawn = 'true';
    }));
    openFromAddress();
  }
}

/** New figures. */
function tick() {
  grid.ticked();
  table.update();
  charts.update();
  showVerdict();
  showChips();
  showHealth();
  showOperations();
  showLegend();
}

// The header.

function showVerdict() {
  const {figures} = model;
  const ready = model.shardsIn('READY');
  const fatal = model.shardsIn('FATAL');
  const verdict = byId('verdict');
  let level = 'good';
  let text;
  if (figures.shards === 0) {
    level = 'wait';
    text = 'No shards yet';
  } else if (fatal > 0) {
    level = 'bad';
    text = `${format.plural(fatal, 'shard')} refused for good`;
  } else if (ready === figures.shards) {
    text = ready === 1 ? 'The shard is ready' : `All ${format.count(ready)} shards ready`;
  } else {
    level = 'wait';
    text = `${format.count(ready)} of ${format.plural(figures.shards, 'shard')} ready`;
  }
  if (link.kind === 'lost') {
    level = 'stale';
    text = `Last known: ${text[0].toLowerCase()}${text.slice(1)}`;
  }
  if (verdict.textContent !== text) {
    verdict.textContent = text;
  }
  verdict.dataset.level = level;
  document.title = link.kind === 'lost' ? `? ${model.name}` : figures.shards === 0 || ready === figures.shards
    ? model.name : `${format.count(ready)}/${format.count(figures.shards)} ${model.name}`;
}

function showLink() {
  const {kind, retryAt, reason, since} = link;
  const element = byId('link');
  const lost = byId('lost');
  element.dataset.link = kind;
  const texts = {live: 'Live', lost: 'No connection', login: 'Not signed in', connecting: 'Connecting'};
  byId('link-text').textContent = texts[kind];
  document.body.classList.toggle('stale', kind === 'lost');
  if (model.figures !== null) {
    showVerdict();
  }
  if (kind !== 'lost') {
    lost.hidden = true;
    return;
  }
  const first = model.figures === null;
  const known = first ? '' : ` The page shows what was known at ${format.time(since)}.`;
  const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
  const next = seconds > 0 ? ` Tries again in ${seconds} s.` : ' Tries again now.';
  byId('lost-text').textContent = `${first ? 'Cannot reach' : 'Lost'} the bot: ${reason}.${known}${next}`;
  lost.hidden = false;
}

setInterval(() => {
  if (link.kind === 'lost') {
    showLink();
  }
}, 1000);
byId('retry').addEventListener('click', () => stream.connect());

function showHealth() {
  const {reasons, live, ready} = model.figures;
  const banner = byId('health');
  banner.hidden = reasons.length === 0;
  banner.dataset.level = live && ready ? 'info' : live ? 'warn' : 'error';
  const text = reasons.join('\n');
  if (banner.dataset.text !== text) {
    banner.dataset.text = text;
    banner.replaceChildren(...reasons.map((reason) => {
      const line = document.createElement('p');
      line.textContent = reason;
      return line;
    }));
  }
}

function showOperations() {
  const now = model.now();
  const shown = model.operations.filter(({state: at, endedAt}) =>
    at === 'running' || now - endedAt < OPERATION_SHOWN_MILLIS);
  const list = byId('operations');
  list.hidden = shown.length === 0;
  list.replaceChildren(...shown.map((operation) => {
    const item = document.createElement('li');
    item.dataset.state = operation.state;
    const text = document.createElement('span');
    text.textContent = operation.text.charAt(0).toUpperCase() + operation.text.slice(1);
    item.append(text);
    if (operation.state === 'running' && operation.total > 0) {
      const bar = document.createElement('progress');
      bar.max = operation.total;
      bar.value = operation.done;
      bar.setAttribute('aria-label', operation.text);
      const done = document.createElement('span');
      done.className = 'done';
      done.textContent = `${format.count(operation.done)} of ${format.count(operation.total)}`;
      item.append(bar, done);
    } else {
      const how = document.createElement('span');
      how.className = 'done';
      how.textContent = operation.state;
      item.append(how);
    }
    return item;
  }));
  const busy = model.operations.some(({state: at, kind}) => at === 'running' && kind !== 'reconnect');
  byId('restart').disabled = byId('reshard').disabled = busy;
}

// The fleet: chips, legend, filter, view.

function showChips() {
  const counts = ORDER.map((name) => [name, model.shardsIn(name)]);
  counts.push(['PAUSED', model.figures.paused]);
  const box = byId('chips');
  for (const [name, count] of counts) {
    let chip = chips.get(name);
    const shown = count > 0 || filter === name;
    if (!chip && shown) {
      chip = newChip(name);
      chips.set(name, chip);
      const next = [...chips.keys()].filter((key) => rank(key) > rank(name)).sort((a, b) => rank(a) - rank(b))[0];
      box.insertBefore(chip.button, next ? chips.get(next).button : null);
    }
    if (chip) {
      chip.button.hidden = !shown;
      chip.button.setAttribute('aria-pressed', String(filter === name));
      const text = format.count(count);
      if (chip.count.textContent !== text) {
        chip.count.textContent = text;
      }
    }
  }
}

function rank(name) {
  return name === 'PAUSED' ? ORDER.length : ORDER.indexOf(name);
}

function newChip(name) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'chip';
  const paused = name === 'PAUSED';
  button.title = paused ? 'Reading is paused until the application has caught up.' : state(name).hint;
  const mark = swatch(paused ? 'READY' : name, colours, 12, paused);
  onTheme(() => paintSwatch(mark, paused ? 'READY' : name, colours, 12, paused));
  const count = document.createElement('strong');
  button.append(mark, paused ? 'Paused' : state(name).label, ' ', count);
  button.addEventListener('click', () => setFilter(filter === name ? null : name));
  return {button, count};
}

function setFilter(name) {
  filter = name;
  grid.setFilter(name);
  table.setFilter((generation, place) => grid.matches(generation, place));
  showChips();
}

function showLegend() {
  const legend = byId('legend');
  const colour = byId('colour').value;
  legend.hidden = colour === 'state';
  if (colour === 'state') {
    return;
  }
  const {measure, max, steps} = grid.ramp();
  const bar = document.createElement('span');
  bar.className = 'ramp';
  bar.style.background = `linear-gradient(to right, ${steps.filter((step, i) => i % 4 === 0).join(', ')})`;
  legend.replaceChildren(`${measure.title}, logarithmic: `, '0 ', bar, ` ${measure.text(max)}`);
}

byId('colour').addEventListener('change', (event) => {
  grid.setColour(event.target.value);
  if (model.figures) {
    showLegend();
  }
});
onTheme(() => model.figures && showLegend());

function view(asTable) {
  byId('table').hidden = !asTable;
  byId('grid').hidden = asTable || !byId('empty').hidden;
  byId('view-grid').setAttribute('aria-pressed', String(!asTable));
  byId('view-table').setAttribute('aria-pressed', String(asTable));
  table.update();
  grid.draw();
}

byId('view-grid').addEventListener('click', () => view(false));
byId('view-table').addEventListener('click', () => view(true));

function entriesShown(warningsOnly) {
  byId('timeline-all').setAttribute('aria-pressed', String(!warningsOnly));
  byId('timeline-warn').setAttribute('aria-pressed', String(warningsOnly));
  timeline.setWarningsOnly(warningsOnly);
}

byId('timeline-all').addEventListener('click', () => entriesShown(false));
byId('timeline-warn').addEventListener('click', () => entriesShown(true));

// One shard.

function open(of, id) {
  const generation = model.generation(of) ?? model.current();
  if (!generation || generation.place(id) < 0) {
    return; // it has left meanwhile
  }
  if (!detail.shard) {
    const from = document.activeElement;
    openedFrom = from === byId('search') ? null : from; // whoever has found it does not search on
  }
  document.body.classList.add('with-detail');
  detail.open(generation.of, id);
  detail.focus();
  grid.setOpen({of: generation.of, id});
  address(`#shard=${id}` + (generation.current ? '' : `&of=${generation.of}`));
}

function close() {
  document.body.classList.remove('with-detail');
  detail.close();
  grid.setOpen(null);
  address('');
  const back = openedFrom?.isConnected && openedFrom !== document.body ? openedFrom : byId('grid');
  openedFrom = null;
  back.focus({preventScroll: true});
}

/** The open shard is in the address, to be kept and sent. */
function address(hash) {
  history.replaceState(null, '', location.pathname + location.search + hash);
}

function openFromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.has('shard')) {
    open(Number(asked.get('of') ?? model.current()?.of), Number(asked.get('shard')));
  }
}

addEventListener('hashchange', openFromAddress);

// Control.

function askReconnect(of, id) {
  confirm(
    {
      title: `Reconnect shard ${id}?`,
      text: 'It closes its transport so that the session is kept, dials again and resumes. No event is lost.',
      yes: 'Reconnect',
    },
    () => post(`api/shards/${id}/reconnect?of=${of}`, {}));
}

byId('restart').addEventListener('click', () => confirm(
  {
    title: 'Restart all shards?',
    text: `Each of ${format.plural(model.figures.shards, 'shard')} reconnects in turn and resumes its session; the next`
      + ' begins when it is ready. No session starts are used.',
    yes: 'Restart',
    number: {label: 'How many at a time', min: 1, max: 100, value: 1},
  },
  (atATime) => post('api/restart', {atATime})));

byId('reshard').addEventListener('click', () => {
  const {of} = model.current() ?? {of: 1};
  const {left} = model.figures.budget;
  confirm(
    {
      title: 'Change the number of shards?',
      text: `Now ${format.count(of)}. The new shards start beside the old ones, and each uses one session start`
        + (left === null ? '.' : ` of the ${format.count(left)} that are left.`),
      yes: 'Reshard',
      number: {label: 'New number of shards', min: 1, max: 100_000, value: of * 2},
    },
    (shardCount) => post('api/reshard', {shardCount}));
});

// Keys of the whole page.

byId('help').addEventListener('click', () => byId('keys').showModal());
bindTheme(byId('theme'));

document.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) {
    return;
  }
  const {target} = event;
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) {
    return;
  }
  switch (event.key) {
    case '/':
      event.preventDefault();
      byId('search').focus();
      byId('search').select();
      break;
    case '?':
      byId('keys').showModal();
      break;
    case 'g':
    case 't':
      view(event.key === 't');
      byId(event.key === 't' ? 'table' : 'grid').focus();
      break;
    case 'n': {
      view(false);
      const next = model.figures && grid.nextNotReady();
      byId('grid').focus();
      if (next) {
        grid.moveTo(next);
      } else {
        byId('spoken').textContent = 'All shards are ready.';
      }
      break;
    }
    case 'Escape':
      if (detail.shard) {
        close();
      } else if (filter !== null) {
        setFilter(null);
      }
      break;
    default:
      break;
  }
});

// What the page must know before it may ask for anything.

get('api/console').then(
  ({name, authorized}) => {
    byId('name').textContent = name;
    document.title = name;
    if (authorized) {
      stream.connect();
    } else {
      link = {...link, kind: 'login'};
      showLink();
      login(() => stream.connect());
    }
  },
  () => stream.connect()); // which says what is wrong, and tries again
