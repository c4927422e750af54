// What the page tells beside the row: is all kept, how far is the project, what went wrong, what just happened.

import { byId, visible } from "./dom.js";

/** Say whether everything is kept: `kind` is kept, sending or trouble. */
export function tellState(kind, words) {
  const state = byId("state");
  if (state.textContent === words) return;
  state.className = `state ${kind}`;
  state.textContent = words;
}

/** Show what went wrong until something else is said; no words take it away. */
export function notice(words) {
  const shown = byId("notice");
  if (shown.textContent !== words) shown.textContent = visible(words);
  shown.hidden = !words;
}

/** Say what happened to those who listen. */
export function announce(words) {
  byId("announcement").textContent = visible(words);
}

export function showProgress({ total, done, mine, unsettled }, settles) {
  const number = (count) => count.toLocaleString("en");
  byId("progress").max = Math.max(total, 1);
  byId("progress").value = done;
  byId("progress-words").textContent = `${number(done)} of ${number(total)} rows, ${number(mine)} by you`;
  byId("settle-words").textContent = settles ? "Back to rows" : unsettled ? `Settle ${number(unsettled)}` : "Settle";
}
