// Talk to the server, and keep what it has not confirmed: nothing that was said is lost with the connection.

const PAUSE_MILLISECONDS = 1500;

/** The server said no, and would say so again. */
export class Refused extends Error {}

/** The server cannot be reached, or cannot do it now. */
export class Unreachable extends Error {}

/** Ask the server; `body` makes it a POST. Throws Refused or Unreachable. */
export async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  let reply;
  let content;
  try {
    reply = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
    content = await reply.json();
  } catch {
    throw new Unreachable("No connection to the server.");
  }
  if (reply.ok) return content;
  const message = content?.error?.message ?? `The server answered ${reply.status}.`;
  // 401: the server was started anew, with another token; what waits is sent once its new link is open.
  if (reply.status >= 500 || reply.status === 401) throw new Unreachable(message);
  throw new Refused(message);
}

/** A name that nobody else makes up. */
export function newName() {
  return crypto.randomUUID();
}

/** What was said and is not confirmed yet, in order; kept in the browser until it is. */
export class Outbox {
  #prefix;
  #changed;
  #sending = null;
  #memory = new Map(); // where the browser keeps nothing

  constructor(project, changed) {
    this.#prefix = `tunesmith annotate ${project} `;
    this.#changed = changed;
  }

  get entries() {
    const stored = Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix));
    const kept = stored.sort().map((key) => [key, JSON.parse(localStorage.getItem(key))]);
    return [...kept, ...this.#memory];
  }

  get size() {
    return this.entries.length;
  }

  /** Keep an entry, then send all. */
  put(entry) {
    const order = `${Date.now()}`.padStart(16, "0") + `${performance.now()}`.padStart(24, "0");
    const key = `${this.#prefix}${order} ${entry.request}`;
    try {
      localStorage.setItem(key, JSON.stringify(entry));
    } catch {
      this.#memory.set(key, entry);
    }
    return this.send();
  }

  /** Send what waits, one after the other; what cannot be sent now is tried again later. */
  send() {
    this.#sending ??= this.#sendAll().finally(() => { this.#sending = null; });
    return this.#sending;
  }

  async #sendAll() {
    for (let [first] = this.entries; first; [first] = this.entries) {
      const [key, entry] = first;
      this.#changed({ waiting: this.size, problem: "" });
      try {
        const progress = await ask("/api/annotations", entry);
        this.#drop(key);
        this.#changed({ waiting: this.size, problem: "", progress });
      } catch (error) {
        if (error instanceof Refused) {
          this.#drop(key);
          this.#changed({ waiting: this.size, problem: "", refused: { entry, message: error.message } });
          continue;
        }
        this.#changed({ waiting: this.size, problem: error.message });
        setTimeout(() => this.send(), PAUSE_MILLISECONDS);
        return;
      }
    }
  }

  #drop(key) {
    localStorage.removeItem(key);
    this.#memory.delete(key);
  }
}

/** Keep a draft in the browser, or take it away where it is empty; give it back. */
export const drafts = {
  write(name, text) {
    try {
      if (text) localStorage.setItem(`tunesmith draft ${name}`, text);
      else localStorage.removeItem(`tunesmith draft ${name}`);
    } catch { /* no room: the draft is on the screen */ }
  },
  read(name) {
    return localStorage.getItem(`tunesmith draft ${name}`) ?? "";
  },
};
