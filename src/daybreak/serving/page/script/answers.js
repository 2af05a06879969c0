// An answer as a person wants it, made of what an output is and of its value in JSON.

import { make, number, percent, scrolled } from "./dom.js";

const FIRST = 5; // classes that are shown at once
const CELLS = 400; // of a tensor

function label(output, { label: told, score, probabilities }) {
  const ranked = Object.entries(probabilities ?? {}).sort((one, other) => (other[1] ?? 0) - (one[1] ?? 0));
  const first = ranked.slice(0, FIRST),
    rest = ranked.slice(FIRST);
  const lesser = ranked.length && ranked[0][0] !== told && output.threshold;
  if (told === null) {
    return [make("p", { class: "headline" }, "No answer"), make("p", { class: "hint" }, "The model gave no numbers for this row.")];
  }
  return [
    make("p", { class: "headline" }, told, make("span", { class: "sure" }, percent(score))),
    lesser ? make("p", { class: "hint" }, `“${output.classes[1]}” is told from ${percent(output.threshold)} on.`) : null,
    bars(first, told),
    rest.length ? make("details", {}, make("summary", {}, `${rest.length} more`), bars(rest, told)) : null,
  ];
}

function bars(ranked, told) {
  const rows = ranked.map(([name, share]) => {
    const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
    bar.firstChild.style.width = `${100 * (share ?? 0)}%`;
    return make(
      "li",
      { class: name === told ? "told" : null },
      make("span", { class: "class" }, name),
      bar,
      make("span", { class: "share" }, percent(share)),
    );
  });
  return make("ol", { class: "bars" }, rows);
}

function figure(output, value) {
  const { value: middle, low, high } = typeof value === "object" && value ? value : { value };
  const unit = output.unit ? make("span", { class: "unit" }, output.unit) : null;
  const parts = [make("p", { class: "headline" }, number(middle), unit)];
  if (low === undefined || low === null || high === null) return parts;
  const scale = make("div", { class: "scale", "aria-hidden": "true" }, make("span"));
  scale.firstChild.style.left = `${high > low ? (100 * (middle - low)) / (high - low) : 50}%`;
  const ends = make("p", { class: "ends" }, make("span", {}, number(low)), make("span", {}, number(high)));
  const said = make("p", {}, `Probably between ${number(low)} and ${number(high)}${output.unit ? ` ${output.unit}` : ""}.`);
  return [...parts, make("div", { class: "interval", "aria-hidden": "true" }, scale, ends), said];
}

function span(output, found, row) {
  const passage = row[output.of] ?? "";
  const empty = !found || found.end <= found.start;
  const head = empty ? "No answer in this text" : found.text;
  const letters = [...passage]; // positions count characters, as the model's do
  const cut = (from, to) => letters.slice(from, to).join("");
  const marked = empty ? [passage] : [cut(0, found.start), make("mark", {}, cut(found.start, found.end)), cut(found.end)];
  return [
    make("p", { class: "headline" }, head, empty ? null : make("span", { class: "sure" }, percent(found.score))),
    make("blockquote", { class: "passage", tabindex: "0", "aria-label": `${output.of || "the text"}, with the answer marked` }, marked),
  ];
}

function tensor(output, value) {
  if (!Array.isArray(value)) return [make("p", { class: "headline" }, number(value))];
  const deep = Array.isArray(value[0]);
  const table = deep && !Array.isArray(value[0][0]) ? value : [value.flat(Infinity)];
  const rows = table.slice(0, Math.ceil(CELLS / table[0].length)).map((one) => one.slice(0, CELLS));
  const lines = rows.map((one) =>
    make(
      "tr",
      {},
      one.map((cell) => make("td", {}, number(cell))),
    ),
  );
  const all = value.flat(Infinity).length,
    shown = rows.reduce((sum, one) => sum + one.length, 0);
  const left = all > shown ? make("p", { class: "hint" }, `${(all - shown).toLocaleString("en")} more are not shown.`) : null;
  return [scrolled(output.name, lines), left];
}

const KINDS = {
  label,
  number: figure,
  span,
  tensor,
  text: (output, value) => [make("p", { class: "prose" }, value)],
  image: (output, value) => [make("img", { src: value, alt: `the model's ${output.name}`, class: "picture" })],
};

// Everything that a row's answer says. `row`: what was asked.
export function answered(outputs, prediction, row) {
  return outputs.map((output) => {
    const several = outputs.length > 1 || output.description;
    const named = several
      ? make("h3", {}, output.name, output.description ? make("span", { class: "hint" }, output.description) : null)
      : null;
    return make("div", { class: `output ${output.kind}` }, named, KINDS[output.kind](output, prediction[output.name], row));
  });
}

// Let a marked answer be seen in its passage, without moving the page.
export function showMark(root) {
  for (const mark of root.querySelectorAll(".passage mark")) {
    const passage = mark.parentElement;
    passage.scrollTop = mark.offsetTop - passage.offsetTop - passage.clientHeight / 2;
  }
}

// The answer of one output as feedback and files have it: a class, a number, a text.
export function plain(output, value) {
  if (value === null || value === undefined) return "";
  if (output.kind === "label") return value.label;
  if (output.kind === "number") return typeof value === "object" ? value.value : value;
  return output.kind === "span" ? value.text : value;
}

// What examples and feedback call right, in a few words; empty where it is not known.
export function right(output, target) {
  if (target === null || target === undefined) return "";
  if (typeof target === "object") return target.text ?? "";
  const told = typeof target === "number" ? number(target) : String(target);
  return output.unit ? `${told} ${output.unit}` : told;
}
