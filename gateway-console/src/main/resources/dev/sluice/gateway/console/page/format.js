// How figures are written. Every function takes what the bot said and gives text; a figure that is
// not known is an en dash.

const NONE = '\u2013';
const integer = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
const clock = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const day = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short'});
const dayAndYear = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', year: 'numeric'});

const known = (value) => value !== null && value !== undefined && Number.isFinite(value) && value >= 0;

/** A whole number with thousands separators: 12,345. */
export function count(value) {
  return known(value) ? integer.format(value) : NONE;
}

/** Three digits at most, then a unit: 987, 12.3k, 4.56M. For where there is little room. */
export function short(value) {
  if (!known(value)) {
    return NONE;
  }
  for (const [unit, size] of [['G', 1e9], ['M', 1e6], ['k', 1e3]]) {
    if (value >= size * 0.9995) {
      return threeDigits(value / size) + unit;
    }
  }
  return value >= 100 || Number.isInteger(value) ? integer.format(value) : threeDigits(value);
}

function threeDigits(value) {
  return value === 0 ? '0' : value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A rate: 12,345 below a million, 1.23M from there; fractions only below ten. */
export function rate(value) {
  if (!known(value)) {
    return NONE;
  }
  if (value >= 1e6) {
    return short(value);
  }
  return value > 0 && value < 9.95 ? value.toFixed(1) : integer.format(value);
}

/** Bytes in powers of 1000, as networks count: 1.2 kB, 34 MB. */
export function bytes(value) {
  if (!known(value)) {
    return NONE;
  }
  for (const [unit, size] of [['TB', 1e12], ['GB', 1e9], ['MB', 1e6], ['kB', 1e3]]) {
    if (value >= size * 0.9995) {
      return threeDigits(value / size) + ' ' + unit;
    }
  }
  return value.toFixed(0) + ' B';
}

/** A latency given in milliseconds: 0.42 ms, 41.3 ms, 1.20 s. */
export function millis(value) {
  if (!known(value)) {
    return NONE;
  }
  return value < 999.5 ? threeDigits(value) + ' ms' : threeDigits(value / 1e3) + ' s';
}

/** How long something takes or took, given in seconds, in its largest units: 3 h 12 min. */
export function span(seconds, parts = 2) {
  if (!known(seconds)) {
    return NONE;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return whole + ' s';
  }
  const units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, size]) => whole >= size);
  const [unit, size] = units[first];
  const [lesser, lesserSize] = units[first + 1];
  const rest = Math.floor((whole % size) / lesserSize);
  const text = Math.floor(whole / size) + ' ' + unit;
  return rest === 0 || parts === 1 ? text : text + ' ' + rest + ' ' + lesser;
}

/** The time of day of an instant in milliseconds since 1970. */
export function time(epochMillis) {
  return known(epochMillis) ? clock.format(epochMillis) : NONE;
}

/** The time of day, with the date before it unless that is today's. */
export function moment(epochMillis) {
  if (!known(epochMillis)) {
    return NONE;
  }
  const then = new Date(epochMillis);
  const now = new Date();
  if (then.toDateString() === now.toDateString()) {
    return clock.format(then);
  }
  const date = then.getFullYear() === now.getFullYear() ? day.format(then) : dayAndYear.format(then);
  return date + ', ' + clock.format(then);
}

/** "1 shard", "4,000 shards". */
export function plural(value, noun) {
  return count(value) + ' ' + noun + (value === 1 ? '' : 's');
}

/** DIAL_FAILED as "dial failed". */
export function words(constant) {
  return String(constant).toLowerCase().replaceAll('_', ' ');
}
