// Speaks with the console of the bot: JSON, the stream of events, and what is asked of the bot.

const TOKEN = 'sluice.token';
const SILENCE_MILLIS = 10_000; // the console says something every second
const FIRST_DELAY_MILLIS = 1_000;
const MAX_DELAY_MILLIS = 15_000;

/** An answer other than the one asked for: its HTTP status and the console's own words. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let memory = null; // the token, where sessionStorage is switched off

export function token() {
  try {
    return sessionStorage.getItem(TOKEN) ?? memory;
  } catch (denied) {
    return memory;
  }
}

export function keepToken(value) {
  memory = value;
  try {
    if (value === null) {
      sessionStorage.removeItem(TOKEN);
    } else {
      sessionStorage.setItem(TOKEN, value);
    }
  } catch (denied) {
    // Kept in this page alone then.
  }
}

function headers(more = {}) {
  const kept = token();
  return kept === null ? more : {...more, Authorization: 'Bearer ' + kept};
}

async function answer(response) {
  const text = await response.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch (notJson) {
    body = null; // a proxy on the way answered, not the console
  }
  if (!response.ok) {
    throw new ApiError(response.status, body?.error ?? 'HTTP ' + response.status);
  }
  if (body === null) {
    throw new ApiError(response.status, 'the answer is not JSON');
  }
  return body;
}

/** Gets JSON. The path is relative to the page, which may live under a prefix. */
export async function get(path, signal) {
  return answer(await fetch(path, {headers: headers(), cache: 'no-store', signal}));
}

/** Asks the bot to do something. The header keeps other sites from asking in our name. */
export async function post(path, body) {
  return answer(
    await fetch(path, {
      method: 'POST',
      headers: headers({'Content-Type': 'application/json', 'X-Sluice-Console': '1'}),
      body: JSON.stringify(body),
    }),
  );
}

/**
 * The stream of events. It is read by fetch, since an EventSource cannot send a token. It connects
 * again by itself, with a growing delay, until it is told to login.
 */
export class Stream {
  /**
   * @param onEvent called with the name and the data of each event
   * @param onLink called with 'live', 'lost' or 'login', and when it tries again (epoch millis)
   */
  constructor(onEvent, onLink) {
    this.onEvent = onEvent;
    this.onLink = onLink;
    this.delay = FIRST_DELAY_MILLIS;
    this.timer = 0;
    this.abort = null;
  }

  /** Connects now, whatever it did before. */
  connect() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.read();
  }

  async read() {
    const abort = new AbortController();
    this.abort = abort;
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => abort.abort(), SILENCE_MILLIS);
    };
    let reason = 'no answer';
    heard();
    try {
      const response = await fetch('api/events', {
        headers: headers({Accept: 'text/event-stream'}),
        cache: 'no-store',
        signal: abort.signal,
      });
      if (!response.ok || response.body === null) {
        await answer(response);
      }
      reason = 'the connection ended';
      for await (const event of events(response.body, heard)) {
        if (event.name === 'bye') {
          reason = 'the console was closed';
          break;
        }
        this.delay = FIRST_DELAY_MILLIS;
        this.onEvent(event.name, event.data);
        this.onLink('live', 0, '');
      }
    } catch (failure) {
      if (failure instanceof ApiError) {
        reason = failure.message;
      } else if (!(failure instanceof TypeError) && failure.name !== 'AbortError') {
        console.error(failure); // a bug of this page; go on with a fresh snapshot
      }
      if (failure.status === 401 && this.abort === abort) {
        clearTimeout(watch);
        this.onLink('login', 0, reason);
        return;
      }
    }
    clearTimeout(watch);
    abort.abort(); // ends a connection that is still open
    if (this.abort !== abort) {
      return; // connect() was called meanwhile
    }
    this.onLink('lost', Date.now() + this.delay, reason);
    this.timer = setTimeout(() => this.connect(), this.delay);
    this.delay = Math.min(this.delay * 2, MAX_DELAY_MILLIS);
  }
}

/** Splits a body of server-sent events. Fields other than event and data are not used here. */
async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let name = 'message';
  let data = [];
  for (;;) {
    const {done, value} = await reader.read();
    if (done) {
      return;
    }
    heard();
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text === '') {
        if (data.length > 0) {
          yield {name, data: JSON.parse(data.join('\n'))};
        }
        name = 'message';
        data = [];
      } else if (text.startsWith('event:')) {
        name = text.slice(6).trim();
      } else if (text.startsWith('data:')) {
        data.push(text.slice(text[5] === ' ' ? 6 : 5));
      }
    }
  }
}
