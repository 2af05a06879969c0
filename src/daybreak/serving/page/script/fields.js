// The form: a control for each input, which reads a value as JSON has it, shows one, and says what is wrong with it.

import { image } from "./picture.js";
import { numbers } from "./numbers.js";
import { sound } from "./sound.js";

const NEEDED = "Needed for an answer.";

// What a person typed where a number is wanted; a comma is a decimal point where it cannot be anything else.
export function parsed(typed) {
  const plain = typed.replace(/[\s_]/g, "");
  const told = /^[^,.]*,[^,.]*$/.test(plain) ? plain.replace(",", ".") : plain.replace(/,/g, "");
  return told === "" ? NaN : Number(told);
}

function typed(field, root) {
  const box = root.querySelector("input[type=text]");
  const slider = root.querySelector("input[type=range]");
  const follow = () => {
    if (!slider) return;
    const value = parsed(box.value);
    slider.classList.toggle("unset", !Number.isFinite(value));
    if (Number.isFinite(value)) slider.value = value;
  };
  box.addEventListener("input", follow);
  slider?.addEventListener("input", () => {
    box.value = slider.value;
    slider.classList.remove("unset");
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
  return {
    read() {
      if (!box.value.trim()) return undefined;
      const value = parsed(box.value);
      if (!Number.isFinite(value)) throw new Error(`A number is needed here, not “${box.value.trim().slice(0, 40)}”.`);
      return value;
    },
    write(value) {
      box.value = value === null || value === undefined ? "" : String(value);
      follow();
    },
  };
}

function boolean(field, root) {
  const box = root.querySelector("input, select");
  if (box.type === "checkbox") return { read: () => box.checked, write: (value) => (box.checked = value === true) };
  const known = { true: true, false: false };
  return { read: () => known[box.value], write: (value) => (box.value = String(value ?? "")) };
}

function words(field, root) {
  const box = root.querySelector("input, select, textarea");
  return {
    read: () => (box.value === "" ? undefined : box.value),
    write(value) {
      box.value = value ?? "";
      if (box.tagName === "SELECT" && box.value !== (value ?? "")) {
        box.add(new Option(value, value)); // a class that training did not see
        box.value = value;
      }
    },
  };
}

const KINDS = { number: typed, integer: typed, boolean, category: words, text: words, image, audio: sound, tensor: numbers };

class Control {
  constructor(field, root) {
    this.field = field;
    this.root = root;
    this.problem = root.querySelector(".problem");
    this.box = root.querySelector("[aria-describedby]");
    this.kept = KINDS[field.kind](field, root);
    for (const event of ["input", "change"]) root.addEventListener(event, () => this.say(""));
  }

  say(sentence) {
    this.problem.textContent = sentence;
    this.box.toggleAttribute("aria-invalid", Boolean(sentence));
    if (sentence) this.box.setAttribute("aria-invalid", "true");
  }

  focus() {
    this.box.closest("details")?.setAttribute("open", "");
    this.box.focus();
  }

  write(value) {
    this.say("");
    this.kept.write(value);
  }

  // The value, null where it may be; `undefined` leaves the field out of the row.
  read() {
    const value = this.kept.read();
    if (value !== undefined || this.field.optional) return value;
    if (this.field.nullable) return null;
    throw new Error(NEEDED);
  }
}

export class Form {
  constructor(inputs, root) {
    this.controls = [...root.querySelectorAll("[data-field]")].map((one, place) => new Control(inputs[place], one));
    this.named = new Map(this.controls.map((control) => [control.field.name, control]));
  }

  // A row as the plain route takes it; null where something is missing, which is then said beside it.
  row() {
    const row = {};
    let first = null;
    for (const control of this.controls) {
      control.say("");
      try {
        const value = control.read();
        if (value !== undefined) row[control.field.name] = value;
      } catch (error) {
        control.say(error.message);
        first ??= control;
      }
    }
    first?.focus();
    return first ? null : row;
  }

  write(row) {
    for (const control of this.controls) control.write(row[control.field.name]);
  }

  // A refusal beside the field that its `where` names ("age", "row 3, age", "pixels[2][1]"); whether there is one.
  blame(where, sentence) {
    const name = where.replace(/^row \d+(, )?/, "");
    const control = this.named.get(name) || this.named.get(name.replace(/(\[\d+\])+$/, ""));
    control?.say(sentence);
    control?.focus();
    return Boolean(control);
  }
}
