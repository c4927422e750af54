// Take an answer as it is, correct it, or write one.

import { button, byId, digitOf, letterOf, make, refill, said } from "./dom.js";
import { drafts } from "./wire.js";

export function answerPad(task, project, give, announce, draft) {
  const offers = [];
  let marked = 0;

  const boxes = make("div", { class: "offers" });
  const field = make("textarea", {
    id: "answer", rows: "7", dir: "auto", "aria-label": "Answer", on: { input: () => drafts.write(draft, field.value) },
  });
  const editor = make("div", { class: "editor" },
    make("label", { for: "answer" }, "Answer"), field,
    make("p", { class: "small" }, make("kbd", {}, "Esc"), " leaves the field; what you typed stays."));
  const primary = button("Keep", "Enter", accept, { class: "main" });
  const element = make("div", { class: "pad" }, boxes, editor);

  /** Show the field or not; in it, Enter begins a new line. */
  function writes(isWriting) {
    editor.hidden = !isWriting;
    primary.querySelector("kbd").textContent = isWriting ? "Ctrl Enter" : "Enter";
  }

  function draw() {
    refill(boxes, ...offers.map((offer, position) => make("article", {
      class: position === marked ? "offer marked" : "offer", on: { click: () => mark(position) },
    }, make("h3", {}, make("button", { type: "button", value: String(position), "aria-pressed": String(position === marked) },
      make("kbd", {}, String(position + 1)), " ", offer.from)), said("div", offer.text, { class: "text" }))));
  }

  function mark(position) {
    marked = position;
    draw();
    announce(`Answer ${position + 1}, ${offers[position].from}`);
  }

  function edit(text) {
    writes(true);
    if (text !== undefined && !field.value) field.value = text;
    field.focus();
    drafts.write(draft, field.value);
  }

  function keep(text) {
    if (!text.trim()) {
      announce("Write an answer, or skip the row.");
      return;
    }
    drafts.write(draft, "");
    give("written", text);
  }

  function accept() {
    if (!editor.hidden) keep(field.value);
    else if (offers.length) keep(offers[marked].text);
  }

  function offer(from, text) {
    if (text && !offers.some((other) => other.text === text)) offers.push({ from, text });
    draw();
  }

  offer("in the data", task.answer);
  if (task.suggestion) offer(`suggested by ${task.suggestion.by}`, task.suggestion.value);
  field.value = drafts.read(draft);
  writes(offers.length === 0 || field.value !== "");

  return {
    element,
    accept,
    focus: () => (editor.hidden ? byId("work") : field).focus({ preventScroll: true }),
    suggest(suggestion) {
      if (!suggestion.value) return;
      offer(`suggested by ${suggestion.by}`, suggestion.value);
      if (!field.value && document.activeElement === field) {
        writes(false);
        byId("work").focus({ preventScroll: true });
      }
      announce("An answer is suggested.");
    },
    restore(value) {
      if (value) offer("you said before", value);
      mark(offers.length - 1);
      writes(field.value !== "");
    },
    key(event, typing) {
      const digit = digitOf(event);
      if (typing) {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return false;
        accept();
      } else if (digit && digit <= offers.length) {
        mark(digit - 1);
      } else if (event.key === "ArrowDown" && offers.length > 1) {
        mark((marked + 1) % offers.length);
      } else if (event.key === "ArrowUp" && offers.length > 1) {
        mark((marked + offers.length - 1) % offers.length);
      } else if (letterOf(event) === "e") {
        edit(offers[marked]?.text);
      } else {
        return false;
      }
      return true;
    },
    keys: [
      ["Enter", "take the marked answer"],
      ["1, 2, arrows", "mark another answer"],
      ["e", "edit the marked answer, or write one"],
      ["Ctrl Enter", "keep what you wrote"],
      ["Esc", "leave the field, for the keys below"],
    ],
    primary,
    extra: button("Edit", "e", () => edit(offers[marked]?.text)),
  };
}
