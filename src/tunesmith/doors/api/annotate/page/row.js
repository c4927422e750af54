// The row itself: where it comes from, its turns, and what others said of it.

import { make, said, visible } from "./dom.js";

const ROLES = { user: "Question", assistant: "Answer", system: "Instruction", tool: "Tool" };

/** A row's place without folders and bytes. */
export function nameOf(task) {
  return task.place.replace(/ \(byte \d+\)$/, "").replace(/^.*[/\\]/, "");
}

export function placeOf(task) {
  return make("p", { class: "place" }, said("bdi", nameOf(task), { title: visible(task.place) }),
    task.doubt ? said("span", task.doubt, { class: "doubt" }) : null);
}

/** The turns; what is labelled is no question. */
export function turnsOf(task, work) {
  return make("section", { class: "turns", "aria-label": "Row" }, task.turns.map((turn) => {
    const name = work === "labels" && turn.role === "user" ? "Text" : ROLES[turn.role] ?? turn.role;
    return make("article", { class: `turn ${turn.role}` }, make("h2", { class: "role" }, name),
      said("div", turn.content, { class: "text" }));
  }));
}

export function opinionsOf(task) {
  return make("section", { class: "opinions", "aria-label": "Opinions" },
    make("h2", { class: "role" }, "What others said"),
    make("ul", {}, (task.opinions ?? []).map((one) => make("li", {},
      said("bdi", one.annotator, { class: "who" }),
      one.kind === "flag" ? make("span", { class: "note" }, " flagged it: ") : ": ",
      said("span", one.words || "no reason given"),
      one.kind !== "flag" && one.note ? make("span", { class: "note" }, ` (${one.note})`) : null))));
}
