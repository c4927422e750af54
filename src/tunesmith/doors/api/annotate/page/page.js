// The page: one row after the other, what a person says of each, and the keys for it.

import { answerPad } from "./answer.js";
import { button, byId, letterOf, make, visible } from "./dom.js";
import { labelsPad } from "./labels.js";
import { askName, askNote, isOpen, open, showAgreement, showKeys } from "./panel.js";
import { rankingPad } from "./ranking.js";
import { ratingPad } from "./rating.js";
import { nameOf, opinionsOf, placeOf, turnsOf } from "./row.js";
import { announce, notice, showProgress, tellState } from "./tell.js";
import { ask, newName, Outbox, Refused } from "./wire.js";

const PADS = { labels: labelsPad, answers: answerPad, ranking: rankingPad, ratings: ratingPad };
const NAME = "tunesmith annotator";
const AHEAD = 2; // rows that are here before they are needed
const AGAIN_MILLISECONDS = 2000;

let project;
let annotator;
let outbox;
let role = "annotator";
let current = null; // the task on the screen, with the role in which it is done
let pad = null;
let waitingTasks = [];
let clock = { seconds: 0, since: null };
let poll = null;
let advancing = null;
const finished = new Set(); // an answer of the server may be older than what was said since
let progress = { total: 0, done: 0, mine: 0, unsettled: 0 };

async function begin() {
  history.replaceState(null, "", "/"); // the token has done its work: it stays out of the history
  try {
    project = await ask("/api/project");
  } catch (error) {
    tellState("trouble", error.message);
    setTimeout(begin, AGAIN_MILLISECONDS);
    return;
  }
  document.title = visible(project.title || "Annotate");
  byId("title").textContent = document.title;
  byId("guidelines-text").textContent = visible(project.guidelines || "There are none for this project.");
  outbox = new Outbox(project.project, outboxChanged);
  annotator = localStorage.getItem(NAME) || await askName("");
  await becomes(annotator);
}

async function becomes(name) {
  annotator = name;
  localStorage.setItem(NAME, name);
  byId("name").textContent = name;
  waitingTasks = [];
  tellState("kept", "All kept");
  outbox.send();
  await refresh();
  await advance();
}

// One row after the other.

/** Show the next row; asked twice at a time, it goes on once. */
function advance() {
  advancing ??= goOn().finally(() => { advancing = null; });
  return advancing;
}

async function goOn() {
  clearTimeout(poll);
  current = null;
  let reply = { tasks: [], waiting: false };
  if (!waitingTasks.length) {
    try {
      reply = await fetchTasks();
    } catch (error) {
      rest("No connection", `${error.message} What you said is kept here and will be sent.`);
      return;
    }
  }
  const next = waitingTasks.shift();
  if (next) show({ ...next, role });
  else await nothingLeft(reply.waiting);
  if (next && waitingTasks.length < AHEAD - 1) fetchTasks().catch(() => {});
}

async function fetchTasks() {
  const asked = role;
  const held = [current, ...waitingTasks, ...outbox.entries.map(([, entry]) => ({ number: entry.task }))];
  const besides = held.filter(Boolean).map((task) => task.number).slice(-20);
  const path = asked === "annotator" ? "/api/claims" : "/api/unsettled";
  const reply = await ask(path, { annotator, number: AHEAD, besides });
  const known = new Set([current, ...waitingTasks].filter(Boolean).map((task) => task.number));
  const isNew = (task) => !known.has(task.number) && !finished.has(turnOf(asked, task.number));
  if (asked === role) waitingTasks.push(...reply.tasks.filter(isNew));
  return reply;
}

function show(task, before = null) {
  clearTimeout(poll);
  current = task;
  const settles = task.role === "adjudicator";
  const draft = `${project.project} ${annotator} ${task.number}`;
  pad = PADS[project.work](task, project, (kind, value) => say(kind, value), announce, draft);
  const skip = button(settles ? "Leave out" : "Skip", "s", () => say("skip", null));
  const flag = settles ? null : button("Flag", "f", flagRow);
  byId("work").replaceChildren(
    placeOf(task),
    turnsOf(task, project.work),
    settles ? opinionsOf(task) : "",
    make("section", { "aria-label": "What you say" }, pad.element),
    task.waiting ? make("p", { class: "small", id: "writing" }, "A suggestion is being written …") : "",
    make("div", { class: "actions" }, pad.primary, pad.extra, skip, flag, button("Undo", "u", undo)),
  );
  if (before && before.value !== null) pad.restore(before.value);
  clock = { seconds: 0, since: document.hidden ? null : performance.now() };
  window.scrollTo(0, 0);
  pad.focus();
  announce(`${settles ? "To settle: row" : "Row"} ${nameOf(task)}${task.doubt ? `, ${task.doubt}` : ""}`);
  if (task.waiting) poll = setTimeout(() => lookForSuggestion(task), AGAIN_MILLISECONDS / 2);
}

async function lookForSuggestion(task) {
  if (current?.number !== task.number) return;
  try {
    const found = await ask(`/api/suggestions/${task.number}`);
    if (current?.number !== task.number) return;
    current.suggestion = found.suggestion;
    if (found.suggestion) pad.suggest?.(found.suggestion);
    if (found.waiting) poll = setTimeout(() => lookForSuggestion(task), AGAIN_MILLISECONDS / 2);
    else byId("writing")?.remove();
  } catch {
    poll = setTimeout(() => lookForSuggestion(task), AGAIN_MILLISECONDS);
  }
}

async function nothingLeft(isWriting) {
  const found = await refresh();
  if (role === "adjudicator") {
    rest("Nothing to settle", "People agree on every row that two of them did.", false);
  } else if (isWriting) {
    rest("A moment", "The model is still writing answers. The next row comes by itself.");
  } else if (found && found.done < found.total) {
    rest("Nothing for you right now", "The rows left are on other people's screens, skipped or flagged. New ones come by themselves.");
  } else {
    rest("All done", "Every row has what it needs. Ctrl-C in the terminal ends the server; nothing is lost with it.");
  }
}

function rest(heading, words, again = true) {
  current = null;
  pad = null;
  byId("work").replaceChildren(make("section", { class: "rest" }, make("h2", {}, heading), make("p", {}, words),
    make("div", { class: "actions" }, button("Undo", "u", undo))));
  byId("work").focus({ preventScroll: true });
  announce(`${heading}. ${words}`);
  if (again) poll = setTimeout(() => { if (!current) advance(); }, AGAIN_MILLISECONDS);
}

// What a person says.

function say(kind, value, note = "") {
  if (!current) return;
  const entry = {
    request: newName(), task: current.number, annotator, role: current.role, kind, value, note,
    seconds: Math.min(Math.round(elapsed() * 10) / 10, 86400), suggested: current.suggestion?.value ?? null,
  };
  finished.add(turnOf(entry.role, entry.task));
  outbox.put(entry);
  announce(kind === "skip" ? "Skipped." : kind === "flag" ? "Flagged." : "Kept.");
  advance();
}

/** Name what one person does once: whoever comes after them in this browser has it still to do. */
function turnOf(asked, number) {
  return `${annotator} ${asked} ${number}`;
}

async function flagRow() {
  if (!current || current.role === "adjudicator") return;
  const task = current.number;
  const note = await askNote();
  if (note !== null && current?.number === task) say("flag", null, note);
  else pad?.focus();
}

async function undo() {
  await outbox.send();
  if (outbox.size) {
    notice("Undo has to wait until the connection is back.");
    return;
  }
  await advancing; // the next row must not come over the one that is taken back
  try {
    const { task, said: before } = await ask("/api/undo", { annotator, request: newName() });
    if (!task) {
      announce("There is nothing to undo.");
      return;
    }
    waitingTasks = [current, ...waitingTasks].filter((one) => one && one.number !== task.number);
    finished.delete(turnOf(before.role, task.number));
    notice("");
    show({ ...task, role: before.role }, before);
    announce("Undone. Say it anew, or skip.");
    refresh();
  } catch (error) {
    notice(error.message);
  }
}

function settle() {
  role = role === "annotator" ? "adjudicator" : "annotator";
  waitingTasks = [];
  byId("settle-button").setAttribute("aria-pressed", String(role === "adjudicator"));
  tellProgress(progress);
  (advancing ?? Promise.resolve()).then(advance);
}

// What the page tells.

function outboxChanged({ waiting, problem, progress: found, refused }) {
  if (refused) notice(`The server did not take what you said of row ${refused.entry.task}: ${refused.message}`);
  if (problem) tellState("trouble", `${problem} ${waiting} ${waiting === 1 ? "annotation waits" : "annotations wait"} here and will be sent.`);
  else if (waiting) tellState("sending", `Keeping ${waiting} …`);
  else tellState("kept", "All kept");
  if (found) tellProgress(found);
  if (found && !waiting && !current) advance();
}

async function refresh() {
  try {
    const found = await ask(`/api/progress?annotator=${encodeURIComponent(annotator)}`);
    tellProgress(found);
    if (found.note) notice(found.note);
    return found;
  } catch (error) {
    if (!(error instanceof Refused)) tellState("trouble", error.message);
    return null;
  }
}

function tellProgress(found) {
  progress = found;
  showProgress(found, role === "adjudicator");
}

function elapsed() {
  return clock.seconds + (clock.since === null ? 0 : (performance.now() - clock.since) / 1000);
}

// Keys.

const ACTIONS = {
  u: () => undo(),
  s: () => say("skip", null),
  f: () => flagRow(),
  d: () => settle(),
  g: () => open("guidelines"),
  a: () => showAgreement(),
  "?": () => showKeys(pad?.keys ?? [], role === "adjudicator"),
};

function pressed(event) {
  if (event.isComposing || event.repeat || isOpen()) return;
  const typing = event.target.matches("input, textarea");
  const isPlain = !(event.ctrlKey || event.metaKey || event.altKey);
  if (pad && (isPlain || event.key === "Enter") && pad.key(event, typing)) {
    event.preventDefault();
    return;
  }
  if (!isPlain) return;
  if (typing) {
    if (event.key === "Escape") byId("work").focus({ preventScroll: true });
    return;
  }
  const isOnButton = event.target.closest("button") && (event.key === "Enter" || event.key === " ");
  if (isOnButton) return; // it acts by itself
  if (event.key === "Enter" && pad) pad.accept();
  else if (ACTIONS[letterOf(event)]) ACTIONS[letterOf(event)]();
  else return;
  event.preventDefault();
}

document.addEventListener("keydown", pressed);
document.addEventListener("visibilitychange", () => {
  clock = { seconds: elapsed(), since: document.hidden ? null : performance.now() };
});
byId("guidelines-button").addEventListener("click", ACTIONS.g);
byId("agreement-button").addEventListener("click", ACTIONS.a);
byId("settle-button").addEventListener("click", ACTIONS.d);
byId("keys-button").addEventListener("click", ACTIONS["?"]);
byId("name-button").addEventListener("click", async () => {
  const name = await askName(annotator);
  if (name !== annotator) await becomes(name);
});
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => pad?.focus());
}
begin();
