// The states of a shard: what they are called, what they mean, how they look. Colour is never all:
// each state but READY has a mark of its own, and text says the same wherever there is room.

/** Bit of a shard's flags: its reading is paused until the application has caught up. */
export const PAUSED = 1;
/** Bit of a shard's flags: the identify breaker keeps it from starting a session. */
export const BLOCKED = 2;

const KNOWN = {
  READY: {label: 'Ready', mark: 'none', hint: 'The session is live.'},
  RESUMING: {label: 'Resuming', mark: 'ring', hint: 'Missed events are being replayed.'},
  IDENTIFYING: {label: 'Identifying', mark: 'dot', hint: 'IDENTIFY was sent; READY has not come.'},
  WAIT_PERMIT: {label: 'Waits to identify', mark: 'dots', hint: 'Its turn to identify has not come.'},
  WAIT_HELLO: {label: 'Waits for HELLO', mark: 'half', hint: 'The transport is up; HELLO has not come.'},
  CONNECTING: {label: 'Connecting', mark: 'half', hint: 'It dials.'},
  BACKOFF: {label: 'Backing off', mark: 'slash', hint: 'No transport; it waits until it dials again.'},
  CLOSING: {label: 'Closing', mark: 'bar', hint: 'The transport is being closed.'},
  FATAL: {label: 'Refused for good', mark: 'cross', hint: 'The gateway refused it; an operator is needed.'},
  STOPPED: {label: 'Stopped', mark: 'bar', hint: 'Stopped on request.'},
  IDLE: {label: 'Idle', mark: 'open', hint: 'Created; it has not dialled yet.'},
};

/** The order of chips and of the legend: what calls for a look comes first, after READY. */
export const ORDER = [
  'READY', 'FATAL', 'BACKOFF', 'CLOSING', 'CONNECTING', 'WAIT_HELLO', 'WAIT_PERMIT', 'IDENTIFYING',
  'RESUMING', 'IDLE', 'STOPPED',
];

/** What is known of a state; one that this page does not know is shown by its name. */
export function state(name) {
  return KNOWN[name] ?? {label: String(name).toLowerCase().replaceAll('_', ' '), mark: 'open', hint: ''};
}

/** The custom property that holds a state's colour. */
export function colourName(name) {
  return '--' + (name in KNOWN ? name.toLowerCase().replaceAll('_', '-') : 'idle');
}

/** Draws a state's square with its mark into a canvas. */
export function drawState(context, name, paused, x, y, size, colours) {
  const {mark} = state(name);
  const colour = colours(colourName(name));
  const radius = size >= 20 ? 3 : size >= 10 ? 2 : 1;
  const line = Math.max(1, Math.round(size / 9));
  const hollow = mark === 'open' || name === 'STOPPED';
  if (hollow) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.beginPath();
    context.roundRect(x + line / 2, y + line / 2, size - line, size - line, radius);
    context.stroke();
  } else {
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(x, y, size, size, radius);
    context.fill();
  }
  if (size < 7) {
    return;
  }
  const ink = hollow ? colour : colours('--mark');
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = line;
  context.lineCap = 'butt';
  const middleX = x + size / 2;
  const middleY = y + size / 2;
  const reach = size * 0.24;
  context.beginPath();
  switch (paused && name === 'READY' ? 'pause' : mark) {
    case 'ring':
      context.arc(middleX, middleY, reach, Math.PI * 0.25, Math.PI * 1.75);
      context.stroke();
      break;
    case 'dot':
      context.arc(middleX, middleY, reach * 0.8, 0, Math.PI * 2);
      context.fill();
      break;
    case 'dots':
      for (const step of [-1, 0, 1]) {
        context.rect(middleX + step * size * 0.26 - line / 2, middleY - line / 2, line, line);
      }
      context.fill();
      break;
    case 'half':
      context.moveTo(middleX - reach, middleY - reach);
      context.lineTo(middleX + reach, middleY);
      context.lineTo(middleX - reach, middleY + reach);
      context.closePath();
      context.fill();
      break;
    case 'slash':
      context.moveTo(x + size * 0.22, y + size * 0.78);
      context.lineTo(x + size * 0.78, y + size * 0.22);
      context.stroke();
      break;
    case 'bar':
      context.rect(middleX - reach, middleY - line / 2, reach * 2, line);
      context.fill();
      break;
    case 'cross':
      context.moveTo(middleX - reach, middleY - reach);
      context.lineTo(middleX + reach, middleY + reach);
      context.moveTo(middleX + reach, middleY - reach);
      context.lineTo(middleX - reach, middleY + reach);
      context.stroke();
      break;
    case 'pause':
      context.rect(middleX - reach, middleY - reach, line * 1.2, reach * 2);
      context.rect(middleX + reach - line * 1.2, middleY - reach, line * 1.2, reach * 2);
      context.fill();
      break;
    default:
      break;
  }
}

/** A state's square as a small canvas, for chips, the legend and lists. */
export function swatch(name, colours, size = 12, paused = false) {
  const canvas = document.createElement('canvas');
  canvas.className = 'swatch';
  canvas.setAttribute('aria-hidden', 'true');
  paintSwatch(canvas, name, colours, size, paused);
  return canvas;
}

/** Paints it again, for another state or another theme. */
export function paintSwatch(canvas, name, colours, size = 12, paused = false) {
  const scale = Math.max(2, window.devicePixelRatio || 1);
  canvas.width = canvas.height = size * scale;
  canvas.style.width = canvas.style.height = size + 'px';
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  drawState(context, name, paused, 0, 0, size, colours);
}
