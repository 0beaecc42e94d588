// Search: a shard by its number, a guild by its id, a state by its name.

import {colours} from './colours.js';
import * as format from './format.js';
import {ORDER, state, swatch} from './states.js';

/** From this on a number is an id of a guild: the first of Discord's ids had so many digits. */
const ID_DIGITS = 15;
const MAX_ID = 2n ** 63n - 1n;

/** The shard that a guild is on, as the gateway says: (guild_id >> 22) % shard_count. */
export function shardOfGuild(guildId, shardCount) {
  return Number((BigInt(guildId) >> 22n) % BigInt(shardCount));
}

/**
 * What a text may mean, the likeliest first. Each has a text, and either a shard (of, id) or a
 * state to filter by; one that leads nowhere has neither.
 */
export function find(text, model) {
  const query = text.trim().toLowerCase();
  const generation = model.current();
  if (query === '' || generation === null) {
    return [];
  }
  const number = /^(?:shard\s*|guild\s*|#)?(\d[\d,]*)$/.exec(query)?.[1].replaceAll(',', '');
  if (number !== undefined) {
    return number.length >= ID_DIGITS || query.startsWith('guild')
      ? guild(number, generation) : shards(number, model);
  }
  const found = [];
  for (const name of ORDER) {
    const {label} = state(name);
    if (label.toLowerCase().includes(query) || format.words(name).includes(query)) {
      found.push({text: label, more: format.plural(model.shardsIn(name), 'shard'), state: name});
    }
  }
  if ('paused'.includes(query)) {
    found.push({text: 'Paused', more: format.plural(model.figures.paused, 'shard'), state: 'PAUSED'});
  }
  return found.length > 0 ? found : [{text: 'Nothing found', more: 'a shard, a guild\u2019s id or a state'}];
}

function guild(number, generation) {
  if (BigInt(number) > MAX_ID) {
    return [{text: 'No id of a guild', more: 'larger than any'}];
  }
  const id = shardOfGuild(number, generation.of);
  const here = generation.place(id) >= 0;
  return [{
    text: `Guild ${number}`,
    more: here ? `is on shard ${id}` : `is on shard ${id}, which is not here`,
    ...(here ? {of: generation.of, id} : {}),
  }];
}

function shards(number, model) {
  const id = Number(number);
  const found = model.generations
    .filter((generation) => generation.place(id) >= 0)
    .map((generation) => ({
      text: `Shard ${id}`,
      more: (model.generations.length > 1 ? `of ${generation.of}, ` : '')
        + state(model.stateName(generation, generation.place(id))).label.toLowerCase(),
      of: generation.of,
      id,
    }));
  return found.length > 0 ? found : [{text: `No shard ${format.count(id)}`, more: 'not here'}];
}

/** The field and its list, as a combobox. */
export class Search {
  constructor(input, list, model, onShard, onState) {
    this.input = input;
    this.list = list;
    this.model = model;
    this.onShard = onShard;
    this.onState = onState;
    this.found = [];
    this.at = 0;
    input.addEventListener('input', () => this.look());
    input.addEventListener('focus', () => this.look());
    input.addEventListener('blur', () => this.hide());
    input.addEventListener('keydown', (event) => this.key(event));
  }

  look() {
    this.found = find(this.input.value, this.model);
    this.at = 0;
    this.show();
  }

  show() {
    this.list.hidden = this.found.length === 0;
    this.input.setAttribute('aria-expanded', String(this.found.length > 0));
    this.list.replaceChildren(...this.found.map((result, i) => {
      const item = document.createElement('li');
      item.id = `found-${i}`;
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', String(i === this.at));
      if (result.id === undefined && result.state === undefined) {
        item.setAttribute('aria-disabled', 'true');
      }
      if (result.state) {
        item.append(swatch(result.state === 'PAUSED' ? 'READY' : result.state, colours, 12, result.state === 'PAUSED'));
      }
      const more = document.createElement('span');
      more.textContent = result.more;
      item.append(result.text, ' ', more);
      // Before the field loses the focus, and with it the list.
      item.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        this.take(result);
      });
      return item;
    }));
    if (this.found.length > 0) {
      this.input.setAttribute('aria-activedescendant', `found-${this.at}`);
    } else {
      this.input.removeAttribute('aria-activedescendant');
    }
  }

  hide() {
    this.found = [];
    this.show();
  }

  key(event) {
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        if (this.found.length > 0) {
          event.preventDefault();
          this.at = (this.at + (event.key === 'ArrowDown' ? 1 : -1) + this.found.length) % this.found.length;
          this.show();
        }
        break;
      case 'Enter':
        if (this.found.length > 0) {
          event.preventDefault();
          this.take(this.found[this.at]);
        }
        break;
      case 'Escape':
        event.stopPropagation();
        this.clear();
        break;
      default:
        break;
    }
  }

  take(result) {
    if (result.id !== undefined) {
      this.done();
      this.onShard(result.of, result.id);
    } else if (result.state !== undefined) {
      this.done();
      this.onState(result.state);
    }
  }

  done() {
    this.input.value = '';
    this.hide();
  }

  clear() {
    if (this.input.value === '') {
      this.input.blur();
    }
    this.done();
  }
}
