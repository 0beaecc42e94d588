// The fleet as a table: the same shards as in the grid, as text.

import {colours, onTheme} from './colours.js';
import * as format from './format.js';
import {paintSwatch, state, swatch} from './states.js';

const PAGE = 100;

export class Table {
  constructor(box, model, onOpen) {
    this.box = box;
    this.model = model;
    this.onOpen = onOpen;
    this.sort = 'id';
    this.descending = false;
    this.page = 0;
    this.rows = [];
    this.matches = () => true;
    this.columns = [
      {key: 'id', title: 'Shard', value: (g, p) => g.id[p]},
      {key: 'state', title: 'State', value: (g, p) => state(this.model.stateName(g, p)).label},
      {key: 'events', title: 'Events/s', value: (g, p) => g.events[p], text: format.rate},
      {key: 'latency', title: 'Latency', value: (g, p) => g.latencyMs[p], text: format.millis},
      {key: 'queue', title: 'Unhandled', value: (g, p) => g.queue[p], text: format.count},
      {
        key: 'since', title: 'Session', value: (g, p) => (g.since[p] === 0 ? -1 : this.model.now() / 1000 - g.since[p]),
        text: (age) => (age < 0 ? '\u2013' : format.span(age)),
      },
      {key: 'reconnects', title: 'Reconnects', value: (g, p) => g.reconnects[p], text: format.count},
    ];
    this.build();
    onTheme(() => this.rows.forEach((row) => { row.name = null; }));
  }

  build() {
    const table = document.createElement('table');
    const head = table.createTHead().insertRow();
    this.heads = this.columns.map(({key, title}) => {
      const cell = document.createElement('th');
      cell.scope = 'col';
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = title;
      button.addEventListener('click', () => {
        // Figures are looked at from the largest down, names and numbers of shards from the smallest up.
        this.descending = this.sort === key ? !this.descending : key !== 'id' && key !== 'state';
        this.sort = key;
        this.page = 0;
        this.update();
      });
      cell.append(button);
      head.append(cell);
      return cell;
    });
    this.body = table.createTBody();
    this.pager = document.createElement('p');
    this.pager.className = 'pager';
    this.range = document.createElement('span');
    this.range.setAttribute('aria-live', 'polite');
    this.before = this.turn('Previous', -1);
    this.after = this.turn('Next', 1);
    this.pager.append(this.before, this.range, this.after);
    this.box.append(table, this.pager);
  }

  turn(text, step) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button';
    button.textContent = text;
    button.addEventListener('click', () => {
      this.page += step;
      this.box.scrollTop = 0;
      this.update();
    });
    return button;
  }

  setFilter(matches) {
    this.matches = matches;
    this.page = 0;
    this.update();
  }

  update() {
    if (this.box.hidden) {
      return;
    }
    const {generations} = this.model;
    const all = [];
    for (const generation of generations) {
      for (let place = 0; place < generation.size; place++) {
        if (this.matches(generation, place)) {
          all.push({generation, place});
        }
      }
    }
    const column = this.columns.find(({key}) => key === this.sort);
    if (this.sort !== 'id' || this.descending) {
      const sign = this.descending ? -1 : 1;
      for (const row of all) {
        row.key = column.value(row.generation, row.place);
      }
      all.sort((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    }
    const pages = Math.max(1, Math.ceil(all.length / PAGE));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const shown = all.slice(this.page * PAGE, (this.page + 1) * PAGE);
    while (this.rows.length < shown.length) {
      this.rows.push(this.row());
    }
    while (this.rows.length > shown.length) {
      this.rows.pop().element.remove();
    }
    shown.forEach(({generation, place}, i) => this.fill(this.rows[i], generation, place));
    this.heads.forEach((cell, i) => {
      if (this.columns[i].key === this.sort) {
        cell.setAttribute('aria-sort', this.descending ? 'descending' : 'ascending');
      } else {
        cell.removeAttribute('aria-sort');
      }
    });
    this.pager.hidden = pages === 1 && all.length > 0;
    this.before.hidden = this.after.hidden = pages === 1;
    this.before.disabled = this.page === 0;
    this.after.disabled = this.page === pages - 1;
    const range = all.length === 0
      ? 'No shard is in this state.'
      : `${format.count(this.page * PAGE + 1)}\u2013${format.count(this.page * PAGE + shown.length)} of ${format.count(all.length)}`;
    if (this.range.textContent !== range) {
      this.range.textContent = range;
    }
  }

  row() {
    const element = this.body.insertRow();
    const row = {element, cells: [], texts: [], name: null, paused: false};
    const head = document.createElement('th');
    head.scope = 'row';
    row.button = document.createElement('button');
    row.button.type = 'button';
    row.button.className = 'link-button';
    row.button.addEventListener('click', () => this.onOpen(row.of, row.id));
    head.append(row.button);
    element.append(head);
    for (let i = 1; i < this.columns.length; i++) {
      const cell = element.insertCell();
      row.cells.push(cell);
      row.texts.push(null);
    }
    row.swatch = swatch('IDLE', colours);
    row.label = document.createElement('span');
    row.cells[0].append(row.swatch, row.label);
    return row;
  }

  fill(row, generation, place) {
    row.of = generation.of;
    row.id = generation.id[place];
    const title = this.model.generations.length > 1 ? `${row.id} of ${generation.of}` : String(row.id);
    if (row.button.textContent !== title) {
      row.button.textContent = title;
      row.button.setAttribute('aria-label', `Shard ${title}`);
    }
    const name = this.model.stateName(generation, place);
    const paused = generation.isPaused(place);
    if (row.name !== name || row.paused !== paused) {
      row.name = name;
      row.paused = paused;
      row.label.textContent = state(name).label + (paused ? ', paused' : '');
      paintSwatch(row.swatch, name, colours, 12, paused);
    }
    for (let i = 2; i < this.columns.length; i++) {
      const text = this.columns[i].text(this.columns[i].value(generation, place));
      if (row.texts[i - 1] !== text) {
        row.texts[i - 1] = text;
        row.cells[i - 1].textContent = text;
      }
    }
  }
}
