// Rate an answer with a number key.

import { byId, digitOf, make, said } from "./dom.js";

export function ratingPad(task, project, give, announce) {
  const numbers = Array.from({ length: project.highest }, (_, position) => position + 1);
  let before = numbers.includes(task.value) ? task.value : null;
  const scale = make("div", { class: "scale", role: "group", "aria-label": `Rating, 1 to ${project.highest}` });
  const element = make("div", { class: "pad" },
    make("article", { class: "offer" }, make("h3", {}, "Answer"), said("div", task.answer, { class: "text" })), scale);

  function draw() {
    scale.replaceChildren(
      make("span", { class: "small" }, "worst"),
      ...numbers.map((number) => make("button", {
        type: "button", class: number === before ? "number marked" : "number", "aria-pressed": String(number === before),
        on: { click: () => give("rating", number) },
      }, make("kbd", {}, String(number)))),
      make("span", { class: "small" }, "best"));
  }

  draw();
  return {
    element,
    accept: () => (before ? give("rating", before) : announce(`Press 1 to ${project.highest}.`)),
    focus: () => byId("work").focus({ preventScroll: true }),
    suggest: null,
    restore(value) {
      before = value;
      draw();
    },
    key(event, typing) {
      const digit = digitOf(event);
      if (typing || !digit || digit > project.highest) return false;
      give("rating", digit);
      return true;
    },
    keys: [[`1 to ${project.highest}`, "rate the answer: 1 is the worst"], ["Enter", "keep the marked rating"]],
    primary: null,
  };
}
