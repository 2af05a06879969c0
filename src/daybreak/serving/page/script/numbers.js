// Tensors: numbers that are pasted in any of the usual forms, or drawn where they are a small grey picture.

import { Pad } from "./pad.js";

// All numbers of a text, whatever stands between them. Throws where there is something else.
export function listed(text) {
  const words = text.replace(/[[\](){};,\s]+/g, " ").trim();
  if (!words) return [];
  return words.split(" ").map((word) => {
    const value = Number(word);
    if (!Number.isFinite(value)) throw new Error(`Numbers alone may stand here, not “${word.slice(0, 40)}”.`);
    return value;
  });
}

// Flat numbers as nested lists of a shape, in which one length may be free.
export function shaped(flat, shape) {
  const known = shape.reduce((product, size) => product * (size ?? 1), 1);
  const free = shape.filter((size) => size === null).length;
  if (free > 1) throw new Error("Paste nested lists, as JSON: more than one length is free.");
  if (free ? flat.length % known : flat.length !== known) {
    throw new Error(`${free ? `A multiple of ${known}` : known} numbers are needed, got ${flat.length}.`);
  }
  const sizes = shape.map((size) => size ?? flat.length / known);
  const nest = (from, depth) => {
    const size = sizes[depth];
    if (depth === sizes.length - 1) return flat.slice(from, from + size);
    const step = sizes.slice(depth + 1).reduce((product, one) => product * one, 1);
    return Array.from({ length: size }, (_, place) => nest(from + place * step, depth + 1));
  };
  return nest(0, 0);
}

export function numbers(field, root) {
  const box = root.querySelector("textarea");
  const top = field.high > 0 ? field.high : 1;
  const drawn = () => {
    box.value = pad.empty
      ? ""
      : pad
          .values()
          .map((ink) => +(ink * top).toPrecision(4))
          .join(" ");
    root.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const pad = root.dataset.grid ? new Pad(root, drawn) : null;
  box.addEventListener("input", () => pad?.wipe());
  return {
    read() {
      const text = box.value.trim();
      if (!text) return undefined;
      if (text.startsWith("[[") && field.shape.includes(null)) return JSON.parse(text);
      return shaped(listed(text), field.shape);
    },
    write(value) {
      const flat = value ? value.flat(Infinity) : [];
      pad?.show(flat.map((one) => one / top));
      box.value = flat.join(" ");
    },
  };
}

// A small picture of a tensor, on the button of an example.
export function thumb(canvas, value, [rows, columns], top) {
  const flat = value.flat(Infinity);
  canvas.width = columns;
  canvas.height = rows;
  const pixels = new ImageData(columns, rows);
  flat.forEach((one, place) => pixels.data.set([255 * (one / top), 255 * (one / top), 255 * (one / top), 255], 4 * place));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
