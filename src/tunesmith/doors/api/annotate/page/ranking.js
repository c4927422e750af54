// Rank answers, the best first; for two of them one key is enough.

import { button, byId, digitOf, letterOf, make, refill, said } from "./dom.js";

export function rankingPad(task, project, give, announce) {
  const answers = task.answers;
  const two = answers.length === 2;
  let placed = [];

  const element = make("div", { class: "pad" });

  function draw() {
    refill(element, make("div", { class: two ? "columns" : "offers" }, answers.map((answer, position) => {
      const place = placed.indexOf(position);
      return make("article", { class: place < 0 ? "offer" : "offer marked", on: { click: () => choose(position) } },
        make("h3", {}, make("button", { type: "button", value: String(position), "aria-pressed": String(place >= 0) },
          make("kbd", {}, String(position + 1)), ` Answer ${position + 1}`),
          place < 0 ? null : make("span", { class: "note" }, ` place ${place + 1}`)),
        said("div", answer, { class: "text" }));
    })));
  }

  function choose(position) {
    if (placed.includes(position)) return;
    placed.push(position);
    announce(`Answer ${position + 1} is ${placed.length === 1 ? "the best" : `number ${placed.length}`}.`);
    const rest = answers.map((_, other) => other).filter((other) => !placed.includes(other));
    if (rest.length <= 1) finish([...placed, ...rest].map((one) => [one]));
    else draw();
  }

  /** Those that have no place yet are as good as each other. */
  function tie() {
    const rest = answers.map((_, other) => other).filter((other) => !placed.includes(other));
    finish([...placed.map((one) => [one]), rest]);
  }

  function finish(order) {
    give("ranking", { answers, order });
  }

  draw();
  return {
    element,
    accept: () => announce(two ? "Press 1 or 2 for the better answer, or t if both are as good." : "Press the number of the best answer left."),
    focus: () => byId("work").focus({ preventScroll: true }),
    suggest: null,
    restore(value) {
      const best = value?.order?.[0] ?? [];
      placed = best.map((place) => answers.indexOf(value.answers[place])).filter((place) => place >= 0);
      draw();
      placed = [];
    },
    key(event, typing) {
      const digit = digitOf(event);
      if (typing) return false;
      if (digit && digit <= answers.length) choose(digit - 1);
      else if (two && event.key === "ArrowLeft") choose(0);
      else if (two && event.key === "ArrowRight") choose(1);
      else if (["t", "=", "0"].includes(letterOf(event))) tie();
      else if (event.key === "Backspace" && placed.length) { placed.pop(); draw(); }
      else return false;
      return true;
    },
    keys: two
      ? [["1 or ←", "the first answer is better"], ["2 or →", "the second answer is better"], ["t", "both are as good"]]
      : [["1 to 9", "the best answer, then the next"], ["t", "those left are as good"], ["Backspace", "take the last place back"]],
    primary: button(two ? "As good" : "The rest is as good", "t", tie),
  };
}
