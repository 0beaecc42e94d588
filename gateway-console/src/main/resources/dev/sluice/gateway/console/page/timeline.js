// What happened, newest first.

import * as format from './format.js';

const SHOWN = 200;

export class Timeline {
  constructor(list, model, onOpen) {
    this.list = list;
    this.model = model;
    this.onOpen = onOpen;
    this.warningsOnly = false;
    this.newest = -1;
  }

  /** Everything anew. */
  replace() {
    this.list.replaceChildren();
    this.newest = -1;
    this.update();
  }

  setWarningsOnly(warningsOnly) {
    this.warningsOnly = warningsOnly;
    this.replace();
  }

  /** Adds what is new. */
  update() {
    const fresh = this.model.timeline.filter((entry) => entry.seq > this.newest && this.shows(entry));
    this.newest = this.model.timeline.at(-1)?.seq ?? this.newest;
    this.list.querySelector('.nothing')?.remove();
    if (fresh.length > 0) {
      this.list.prepend(...fresh.slice(-SHOWN).reverse().map((entry) => this.entry(entry)));
      while (this.list.childElementCount > SHOWN) {
        this.list.lastElementChild.remove();
      }
    }
    if (this.list.childElementCount === 0) {
      const nothing = document.createElement('li');
      nothing.className = 'nothing';
      nothing.textContent = this.warningsOnly ? 'No warnings.' : 'Nothing has happened yet.';
      this.list.append(nothing);
    }
  }

  shows(entry) {
    return !this.warningsOnly || entry.level !== 'info';
  }

  entry(entry) {
    const item = document.createElement('li');
    item.dataset.level = entry.level;
    const time = document.createElement('time');
    time.dateTime = new Date(entry.at).toISOString();
    time.textContent = format.moment(entry.at);
    const text = document.createElement('p');
    if (entry.level !== 'info') {
      const level = document.createElement('span');
      level.className = 'vh';
      level.textContent = entry.level === 'warn' ? 'Warning: ' : 'Error: ';
      text.append(level);
    }
    const subject = /^shard \d+(?=:)/i.exec(entry.text)?.[0];
    if (entry.ids.length === 1 && subject) {
      text.append(this.link(entry, entry.ids[0], subject), entry.text.slice(subject.length));
    } else {
      text.append(entry.text);
    }
    item.append(time, text);
    if (entry.ids.length > 1) {
      const ids = document.createElement('p');
      ids.className = 'ids';
      for (const id of [...entry.ids].sort((a, b) => a - b)) {
        ids.append(this.link(entry, id, String(id)), ' ');
      }
      if (entry.shards > entry.ids.length) {
        ids.append(`and ${format.count(entry.shards - entry.ids.length)} more`);
      }
      item.append(ids);
    }
    return item;
  }

  link(entry, id, text) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'link-button';
    button.textContent = text;
    if (text === String(id)) {
      button.setAttribute('aria-label', `Shard ${id}`);
    }
    button.addEventListener('click', () => this.onOpen(entry.of, id));
    return button;
  }
}
