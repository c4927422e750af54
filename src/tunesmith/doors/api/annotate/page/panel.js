// The dialogs: agreement, keys, guidelines, flags, and the annotator's name.

import { byId, make, said } from "./dom.js";
import { ask } from "./wire.js";

/** Open a dialog; gives what takes it away again. */
export function open(name) {
  const dialog = byId(`${name}-dialog`);
  if (!dialog.open) dialog.showModal();
  return () => dialog.close();
}

export function isOpen() {
  return document.querySelector("dialog[open]") !== null;
}

/** Show how far people agree, as it is now. */
export async function showAgreement() {
  const content = byId("agreement-content");
  content.replaceChildren(make("p", {}, "Measuring …"));
  open("agreement");
  try {
    content.replaceChildren(...agreementOf(await ask("/api/agreement")));
  } catch (error) {
    content.replaceChildren(make("p", { class: "problem" }, error.message));
  }
}

export function showKeys(pad, settles) {
  const rows = [
    ...pad,
    ["s", settles ? "leave the row out" : "skip the row"],
    ...(settles ? [] : [["f", "flag the row, with a note"]]),
    ["u", "undo what you said last"],
    ["d", settles ? "back to new rows" : "settle rows on which people disagree"],
    ["g", "guidelines"],
    ["a", "agreement"],
  ];
  byId("keys-list").replaceChildren(...rows.flatMap(([key, means]) => [
    make("dt", {}, ...key.split(" ").flatMap((part) => [
      /^(to|or|letters|arrows)$/.test(part) ? part : make("kbd", {}, part.replace(",", "")), " "])),
    make("dd", {}, means),
  ]));
  open("keys");
}

/** Ask for the annotator's name until there is one. */
export function askName(before) {
  const field = byId("name-input");
  const dialog = byId("name-dialog");
  field.value = before;
  byId("name-problem").textContent = "";
  open("name");
  field.select();
  return new Promise((resolve) => {
    const done = () => {
      const name = field.value.trim().replace(/\s+/g, " ");
      if (!name || /\p{C}/u.test(name)) {
        byId("name-problem").textContent = "Write a name of visible characters.";
        field.focus();
        return;
      }
      stop();
      dialog.close();
      resolve(name);
    };
    const pressed = (event) => { if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); done(); } };
    const closed = () => { // a browser lets Esc close it, whatever the page says
      if (!before) { open("name"); return; }
      stop();
      resolve(before);
    };
    const stop = () => {
      field.removeEventListener("keydown", pressed);
      byId("name-done").removeEventListener("click", done);
      dialog.removeEventListener("close", closed);
    };
    field.addEventListener("keydown", pressed);
    byId("name-done").addEventListener("click", done);
    dialog.addEventListener("close", closed);
  });
}

/** Ask for a note; gives null if the person thinks better of it. */
export function askNote() {
  const field = byId("flag-note");
  const dialog = byId("flag-dialog");
  field.value = "";
  open("flag");
  field.focus();
  return new Promise((resolve) => {
    let note = null;
    const done = () => { note = field.value.trim(); dialog.close(); };
    const pressed = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); done(); }
    };
    field.addEventListener("keydown", pressed);
    byId("flag-done").addEventListener("click", done);
    dialog.addEventListener("close", () => {
      field.removeEventListener("keydown", pressed);
      byId("flag-done").removeEventListener("click", done);
      resolve(note);
    }, { once: true });
  });
}

function agreementOf(panel) {
  const alpha = panel.alpha;
  const shown = [make("p", { class: "lead" }, panel.sentence)];
  if (panel.rows) {
    shown.push(make("dl", { class: "figures" },
      make("div", {}, make("dt", {}, "Rows done by two or more"), make("dd", {}, panel.rows.toLocaleString("en"))),
      make("div", {}, make("dt", {}, "Said the same"), make("dd", {}, percent(panel.share))),
      alpha && make("div", {}, make("dt", {}, `Krippendorff's alpha (${panel.level})`),
        make("dd", {}, figure(alpha.value), make("span", { class: "span" }, ` ${range(alpha)}`)))));
  }
  if (panel.pairs.length) {
    shown.push(make("table", {},
      make("caption", {}, "Two by two, with 95 % intervals"),
      make("thead", {}, make("tr", {}, ...["Annotators", "Rows", "Same", "Cohen's kappa"].map((word) => make("th", { scope: "col" }, word)))),
      make("tbody", {}, panel.pairs.map((pair) => make("tr", {},
        make("th", { scope: "row" }, said("bdi", pair.first), " and ", said("bdi", pair.second)),
        make("td", {}, pair.rows.toLocaleString("en")),
        make("td", {}, percent(pair.share)),
        make("td", {}, pair.kappa ? figure(pair.kappa.value) : "–",
          pair.kappa && make("span", { class: "span" }, ` ${range(pair.kappa)}`)))))));
  }
  return shown;
}

function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

function figure(value) {
  return value.toFixed(2);
}

function range(interval) {
  return `${figure(interval.low)} to ${figure(interval.high)}`;
}
