// Build elements. What comes with data only ever becomes text: nothing here takes markup.

// Control characters apart from tab and line breaks, lone surrogates, and code points that are no characters.
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;

/** Show control characters as pictures, and what is no character as a replacement. */
export function visible(text) {
  return String(text).replace(UNSEEN, (found) => {
    const code = found.codePointAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}

/** Make an element: `on` holds listeners, all else are attributes; null and false leave one out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined).map(node));
  return element;
}

/** Make an element for a text that comes with data, in whichever direction it is written. */
export function said(tag, text, attributes = {}) {
  return make(tag, { dir: "auto", ...attributes }, text);
}

export function byId(id) {
  return document.getElementById(id);
}

/** Give the letter or digit of a key on any keyboard: by what it writes, or else by where it is. */
export function letterOf(event) {
  if (event.key.length > 1) return event.key;
  if (/^[\x21-\x7e]$/.test(event.key)) return event.key.toLowerCase();
  const place = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
  return place ? place[1].toLowerCase() : event.key;
}

/** Give 1 to 9 for a digit, or 0. */
export function digitOf(event) {
  const letter = letterOf(event);
  return /^[1-9]$/.test(letter) ? Number(letter) : 0;
}

/** Make a button with its key. */
export function button(words, key, act, attributes = {}) {
  const shown = key ? [" ", make("kbd", {}, key)] : [];
  return make("button", { type: "button", on: { click: act }, ...attributes }, words, ...shown);
}

/** Put other children in; the focus stays on the button with the same value. */
export function refill(parent, ...children) {
  const held = parent.contains(document.activeElement) ? document.activeElement.value : null;
  parent.replaceChildren(...children);
  if (held === null) return;
  [...parent.querySelectorAll("button")].find((one) => one.value === held)?.focus({ preventScroll: true });
}

function node(child) {
  return child instanceof Node ? child : document.createTextNode(visible(child));
}
