// Choose one label or several: by number, by typing a part of the name, or with Enter where one is suggested.

import { button, byId, digitOf, make, refill, said } from "./dom.js";

const FEW = 9; // as many as there are number keys: no filter needed
const SHOWN = 200;
const SURE = 0.5;

export function labelsPad(task, project, give, announce) {
  const many = project.labels.length > FEW;
  const likely = new Map(task.suggestion?.likely ?? []);
  const suggested = new Set(task.suggestion?.value ?? []);
  const given = new Set(task.labels);
  const chosen = new Set();
  const primary = button(project.multiple ? "Keep" : "Accept", "Enter", accept, { class: "main" });
  let shown = [];
  let marked = null; // what Enter takes

  const list = make("div", { class: "labels", role: "group", "aria-label": "Labels" });
  const count = make("p", { class: "small", id: "label-count", "aria-live": "polite" });
  const filter = make("input", {
    type: "search", id: "filter", placeholder: "Type to filter", autocomplete: "off", spellcheck: "false", dir: "auto",
    "aria-label": "Filter labels", "aria-describedby": "label-count", on: { input: () => draw() },
  });
  const element = make("div", { class: "pad" }, many ? make("div", { class: "filter" }, filter, count) : null, list);

  function draw() {
    const words = fold(filter.value).split(/\s+/).filter(Boolean);
    const found = ordered().filter((label) => words.every((word) => fold(label).includes(word)));
    shown = found.slice(0, SHOWN);
    marked = words.length ? shown[0] : preferred();
    count.textContent = words.length || found.length > SHOWN
      ? `${found.length} of ${project.labels.length} labels` : `${found.length} labels`;
    redraw();
  }

  function redraw() {
    refill(list, ...shown.map(option));
    primary.hidden = !project.multiple && !marked;
  }

  function option(label, position) {
    const share = likely.get(label);
    const notes = [
      given.has(label) ? make("span", { class: "note" }, "in the data") : null,
      share === undefined ? null : make("span", { class: "note share" }, `${Math.round(100 * share)} %`),
    ];
    return make("button", {
      type: "button", value: label, class: label === marked ? "label marked" : "label", "aria-pressed": String(chosen.has(label)),
      on: { click: () => choose(label) },
    }, position < 9 ? make("kbd", {}, String(position + 1)) : make("kbd", { class: "none" }), named(label), ...notes);
  }

  /** What may well be right first, where there are many; where there are few, each keeps its number. */
  function ordered() {
    if (!many) return project.labels;
    const opinions = (task.opinions ?? []).flatMap((one) => one.value ?? []);
    const first = new Set([...opinions, preferred(), ...likely.keys(), ...given].filter((label) => project.labels.includes(label)));
    return [...first, ...project.labels.filter((label) => !first.has(label))];
  }

  /** What Enter takes while nothing is typed: a doubtful suggestion must not be a key away. */
  function preferred() {
    if (project.multiple) return null;
    const sure = (task.suggestion?.certainty ?? 0) >= SURE ? suggested : [];
    return [...sure, ...given].find((label) => project.labels.includes(label)) ?? null;
  }

  function choose(label) {
    if (!project.multiple) {
      give("labels", [label]);
      return;
    }
    if (!chosen.delete(label)) chosen.add(label);
    announce(`${label} ${chosen.has(label) ? "chosen" : "not chosen"}`);
    if (filter.value) filter.value = "";
    draw();
  }

  function accept() {
    if (project.multiple && !filter.value) {
      const start = chosen.size ? chosen : suggested.size ? suggested : given;
      if (start.size) give("labels", [...start]);
      else announce("Choose at least one label.");
    } else if (marked) {
      choose(marked);
    } else {
      announce("Choose a label, by its number or by typing.");
    }
  }

  function move(step) {
    if (!shown.length) return;
    const place = shown.indexOf(marked);
    marked = shown[(place + step + shown.length) % shown.length];
    redraw();
    announce(marked);
  }

  draw();
  return {
    element,
    accept,
    focus: () => (many ? filter : byId("work")).focus({ preventScroll: true }),
    suggest: null,
    restore(value) {
      for (const label of value) chosen.add(label);
      if (!project.multiple) [marked] = value;
      redraw();
    },
    key(event, typing) {
      const digit = digitOf(event);
      if (digit && digit <= shown.length) choose(shown[digit - 1]);
      else if (event.key === "ArrowDown" || (event.key === "ArrowRight" && !typing)) move(1);
      else if (event.key === "ArrowUp" || (event.key === "ArrowLeft" && !typing)) move(-1);
      else if (event.key === "Enter" && typing) accept();
      else if (event.key === "/" && many && !typing) filter.focus();
      else if (event.key === "Escape" && typing && filter.value) { filter.value = ""; draw(); }
      else return false;
      return true;
    },
    keys: [
      ["1 to 9", project.multiple ? "add or remove that label" : "choose that label"],
      ["Enter", project.multiple ? "keep the chosen labels" : "take the marked label"],
      ["arrows", "mark another label"],
      ...(many ? [["letters", "filter the labels"], ["Esc", "leave the filter, for the keys below"], ["/", "back to the filter"]] : []),
    ],
    primary,
  };
}

/** A label's name, which may be broken after an underscore. */
function named(label) {
  const parts = label.split(/(?<=_)/);
  const name = said("span", parts[0]);
  for (const part of parts.slice(1)) name.append(make("wbr"), part);
  return name;
}

function fold(text) {
  return text.toLocaleLowerCase().replaceAll("_", " ").normalize("NFKD").replace(/\p{M}/gu, "");
}
