// The colours of console.css, for what is drawn on a canvas.

const cache = new Map();
const listeners = new Set();

// A custom property is computed to light-dark(...), a colour to the one of the theme.
const probe = document.createElement('i');
probe.hidden = true;
document.body.append(probe);

/** The colour of a custom property in the theme of now, as rgb(...). */
export function colours(name) {
  let value = cache.get(name);
  if (value === undefined) {
    probe.style.color = `var(${name})`;
    value = getComputedStyle(probe).color;
    cache.set(name, value);
  }
  return value;
}

/** Calls back after the theme has changed. */
export function onTheme(listener) {
  listeners.add(listener);
}

/** Forgets the colours of the old theme and tells all who draw. */
function themeChanged() {
  cache.clear();
  listeners.forEach((listener) => listener());
}

const THEMES = ['auto', 'light', 'dark'];
const LABELS = {auto: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark'};

/** Makes a button go through the themes: as the system, light, dark. */
export function bindTheme(button) {
  const root = document.documentElement;
  const show = () => {
    const label = LABELS[root.dataset.theme ?? 'auto'];
    button.setAttribute('aria-label', label);
    button.title = label;
  };
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? 'auto') + 1) % THEMES.length];
    if (next === 'auto') {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = next;
    }
    try {
      localStorage.setItem('sluice.theme', next);
    } catch (denied) {
      // Not kept for the next visit then.
    }
    show();
    themeChanged();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', themeChanged);
  show();
}
