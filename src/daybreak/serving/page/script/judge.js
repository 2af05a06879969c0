// "Was this right?": the right answer goes to POST /feedback, under the id of the answer.

import { ask } from "./ask.js";
import { plain } from "./answers.js";
import { make } from "./dom.js";
import { parsed } from "./fields.js";

const TOLD = ["label", "number", "text", "span"]; // kinds that a person can give the right answer of

function editor(output, prediction, target) {
  const id = `truth-${output.name}`;
  const given = target?.text ?? target ?? "";
  const attributes = { id, name: output.name, "aria-describedby": "truth-problem" };
  let box;
  if (output.kind === "label" && output.classes?.length) {
    const options = output.classes.map((name) => make("option", { value: name }, name));
    box = make("select", attributes, make("option", { value: "" }, "choose…"), options);
    box.value = given;
  } else if (output.kind === "text" || output.kind === "span") {
    box = make("textarea", { ...attributes, rows: 2 });
    box.value = given || plain(output, prediction[output.name]);
  } else {
    box = make("input", {
      ...attributes,
      type: "text",
      inputmode: output.kind === "number" ? "decimal" : null,
      value: given,
      autocomplete: "off",
    });
  }
  const hint = output.kind === "span" ? make("p", { class: "hint" }, "A part of the text, letter for letter.") : null;
  const unit = output.unit ? make("span", { class: "unit" }, output.unit) : null;
  return make(
    "div",
    { class: "field" },
    make("label", { for: id }, make("span", { class: "name" }, `Right ${output.name}`), unit),
    box,
    hint,
  );
}

function truthOf(output, typed, row) {
  if (output.kind === "number") {
    const value = parsed(typed);
    if (!Number.isFinite(value)) throw new Error("The right answer is a number here.");
    return value;
  }
  if (output.kind !== "span") return typed;
  const found = (row[output.of] ?? "").indexOf(typed.trim());
  if (found < 0) throw new Error("The right answer must be a part of the text, letter for letter.");
  const start = [...row[output.of].slice(0, found)].length;
  return { text: typed.trim(), start, end: start + [...typed.trim()].length };
}

async function send(place, told, thanks) {
  await ask("/feedback", JSON.stringify(told));
  place.replaceChildren(make("p", { class: "thanks", role: "status" }, thanks));
}

// Offer it for one answer. `asked`: id, prediction, row, and targets where an example told them.
export function judge(place, outputs, asked) {
  const { id, prediction, row, targets = {} } = asked;
  const known = outputs.filter((output) => TOLD.includes(output.kind));
  const problem = make("p", { class: "problem", id: "truth-problem", role: "alert" });
  const attempt = (work) => work().catch((error) => (problem.textContent = error.message));

  const agree = () => {
    const truth = Object.fromEntries(
      known.map((output) => [output.name, output.kind === "span" ? prediction[output.name] : plain(output, prediction[output.name])]),
    );
    return send(place, known.length ? { id, truth } : { id, kind: "error", value: 0 }, "Thank you: noted as right.");
  };
  const correct = async (form) => {
    const told = known.filter((output) => form.elements[output.name].value.trim()); // what somebody does not know stays unsaid
    if (known.length && !told.length) throw new Error("Say what would have been right.");
    const truth = Object.fromEntries(told.map((output) => [output.name, truthOf(output, form.elements[output.name].value, row)]));
    const note = form.elements.note.value;
    await send(
      place,
      { ...(known.length ? { id, truth } : { id, kind: "error", value: 1 }), ...(note && { note }) },
      "Thank you: the right answer is stored.",
    );
  };
  const open = () => {
    const note = make(
      "div",
      { class: "field" },
      make("label", { for: "note" }, make("span", { class: "name" }, "Note"), make("span", { class: "unit" }, "may be left out")),
      make("input", { type: "text", id: "note", name: "note", maxlength: "2000", autocomplete: "off" }),
    );
    const form = make(
      "form",
      { class: "truth", novalidate: true },
      known.map((output) => editor(output, prediction, targets[output.name])),
      note,
      problem,
      make(
        "div",
        { class: "tools" },
        make("button", { class: "main", type: "submit" }, "Store"),
        make("button", { class: "quiet", type: "button", onclick: () => judge(place, outputs, asked) }, "Back"),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(() => correct(form));
    });
    place.replaceChildren(form);
    form.querySelector("select, input, textarea").focus();
  };
  const buttons = [
    make("button", { type: "button", class: "quiet", onclick: () => attempt(agree) }, "Right"),
    make("button", { type: "button", class: "quiet", onclick: open }, "Wrong?"),
  ];
  place.replaceChildren(make("div", { class: "tools" }, make("span", { class: "hint" }, "Was this right?"), buttons), problem);
}
