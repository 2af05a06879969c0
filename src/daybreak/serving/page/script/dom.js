// Elements without markup: what users and models say is always text.

export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

// A table that scrolls in its own room. `rows`: their elements; `head`: its cells.
export function scrolled(name, rows, head = null, tall = "") {
  const table = make("table", {}, head && make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows));
  return make("div", { class: `scroll ${tall}`, tabindex: "0", role: "region", "aria-label": name }, table);
}

export const byId = (id) => document.getElementById(id);

export const reveal = (element, shown = true) => {
  element.hidden = !shown;
};

// Numbers as people write them, in the page's own language.
export function number(value, digits = 5) {
  if (value === null || value === undefined) return "no number";
  if (value !== 0 && (Math.abs(value) >= 1e9 || Math.abs(value) < 1e-4)) return value.toPrecision(digits - 1);
  return value.toLocaleString("en", { maximumSignificantDigits: Math.max(digits, String(Math.trunc(Math.abs(value))).length) });
}

export function percent(share) {
  if (share === null || share === undefined) return "no score";
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (share > 0.9995) return "over 99.9 %";
  if (share < 0.0005) return "under 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

export function lasted(milliseconds) {
  if (milliseconds >= 1e3) return `${(milliseconds / 1e3).toFixed(1)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

export const plural = (many, word) => `${many.toLocaleString("en")} ${word}${many === 1 ? "" : "s"}`;
