// Many rows: a file, a paste, several pictures. Sent in parts, in order; rows that are refused are told, the others answered.

import { ask } from "./ask.js";
import { plain } from "./answers.js";
import { byId, lasted, make, number, percent, plural, reveal, scrolled } from "./dom.js";
import { travelling } from "./picture.js";
import { csv, table } from "./reading.js";

const PART = 500; // rows of a request, where the deployment takes as many
const TRIES = 5; // of a part, when the server is busy
const SHOWN = 100; // answers in the page; all of them in the file
const REFUSED = 100; // rows after which it is not worth going on

export class Many {
  constructor(facts, shown) {
    this.facts = facts;
    this.shown = shown; // where answers stand: {answer, told}
    this.inputs = new Set(facts.signature.inputs.map((field) => field.name));
    this.outputs = facts.signature.outputs;
    this.file = byId("file");
    this.paste = byId("paste");
    this.files = [];
    this.file.addEventListener("change", () => (this.files = [...this.file.files]));
    byId("many").addEventListener("dropped", (event) => this.take(event));
    byId("all").addEventListener("click", () => this.run());
    byId("stop").addEventListener("click", () => this.stopping.abort());
    byId("many").addEventListener("input", () => (byId("table-problem").textContent = ""));
  }

  take(event) {
    const held = new DataTransfer();
    for (const file of event.files ?? [event.detail]) held.items.add(file);
    this.file.files = held.files;
    this.files = [...held.files];
  }

  async run() {
    byId("table-problem").textContent = "";
    this.stopping = new AbortController();
    reveal(byId("stop"));
    byId("all").disabled = true;
    const began = performance.now();
    try {
      const asked = await this.rows();
      await this.answer(asked, began);
    } catch (error) {
      byId("table-problem").textContent = error.name === "AbortError" ? "Stopped." : error.message;
    } finally {
      byId("all").disabled = false;
      reveal(byId("stop"), false);
    }
  }

  // {names, rows}, of a file, pictures, or what was pasted.
  async rows() {
    if (this.files.length && this.files.every((file) => file.type.startsWith("image/"))) {
      const [field] = this.facts.signature.inputs;
      return { names: ["file", field.name], rows: await Promise.all(this.files.map(async (file) => [file.name, await travelling(file)])) };
    }
    const text = this.files.length ? await this.files[0].text() : this.paste.value;
    if (!text.trim()) throw new Error("Choose a file, or paste a table.");
    const found = table(text);
    if (!found.names.some((name) => this.inputs.has(name))) {
      throw new Error(`No column is named like an input (${[...this.inputs].slice(0, 6).join(", ")}); is the head missing?`);
    }
    return found;
  }

  async answer({ names, rows }, began) {
    const places = names.flatMap((name, place) => (this.inputs.has(name) ? [place] : []));
    const head = places.map((place) => names[place]);
    const found = new Array(rows.length).fill(null);
    this.refused = 0;
    let done = 0;
    for (const part of this.parts(rows, places)) {
      await this.send(head, part, found);
      done += part.length;
      this.shown.told.textContent = `${done.toLocaleString("en")} of ${plural(rows.length, "row")}`;
    }
    this.show(names, rows, found, performance.now() - began);
  }

  // Rows as requests hold them: not too many, not too large.
  *parts(rows, places) {
    const most = Math.min(PART, this.facts.rows);
    let part = [],
      size = 0;
    for (const [at, row] of rows.entries()) {
      const cells = places.map((place) => row[place]);
      const length = cells.reduce((sum, cell) => sum + cell.length, 0);
      if (part.length === most || (part.length && size + length > this.facts.body / 4)) {
        yield part;
        part = [];
        size = 0;
      }
      part.push({ at, cells });
      size += length;
    }
    yield part;
  }

  // Ask for a part; a row that is refused is taken out, and the rest asked again.
  async send(head, part, found) {
    let left = part,
      tries = 0;
    while (left.length) {
      try {
        const body = csv([head, ...left.map((row) => row.cells)]);
        const answer = await (await ask("/predict", body, { type: "text/csv", signal: this.stopping.signal })).json();
        answer.predictions.forEach((prediction, place) => (found[left[place].at] = { prediction }));
        return;
      } catch (error) {
        const row = /^row (\d+)/.exec(error.where ?? "");
        if (row && (this.refused += 1) <= REFUSED) {
          found[left[row[1]].at] = { problem: error.message };
          left = left.filter((_, place) => place !== Number(row[1]));
        } else if (error.retry && (tries += 1) < TRIES) {
          await new Promise((done) => setTimeout(done, 1e3 * error.retry));
        } else throw error;
      }
    }
  }

  show(names, rows, found, milliseconds) {
    const good = found.filter((one) => one?.prediction).length;
    const told = `${plural(good, "row")} answered${found.length > good ? `, ${found.length - good} refused` : ""}`;
    const compared = this.outputs.map((output) => this.compared(output, names, rows, found)).filter(Boolean);
    const lines = this.lines(names, rows, found);
    const link = make(
      "a",
      {
        class: "button",
        download: `${this.facts.model}-answers.csv`,
        href: URL.createObjectURL(new Blob([csv(lines)], { type: "text/csv" })),
      },
      "Download all as CSV",
    );
    const headline = make("p", { class: "headline small" }, compared[0] ?? told);
    this.shown.told.textContent = `${compared.length ? `${told}, ` : ""}in ${lasted(milliseconds)}`;
    byId("judge").replaceChildren(); // of an answer that stood here before
    this.shown.answer.replaceChildren(
      headline,
      ...compared.slice(1).map((said) => make("p", {}, said)),
      this.drawn(lines, names.length),
      make("p", {}, link),
    );
  }

  // How often a column that is named like an output says the same; empty where there is none.
  compared(output, names, rows, found) {
    const place = names.indexOf(output.name);
    if (place < 0 || this.inputs.has(output.name) || !["label", "text", "number"].includes(output.kind)) return "";
    const pairs = rows.flatMap((row, at) =>
      found[at]?.prediction && row[place] !== "" ? [[plain(output, found[at].prediction[output.name]), row[place]]] : [],
    );
    if (!pairs.length) return "";
    if (output.kind === "number") {
      const error = pairs.reduce((sum, [answer, truth]) => sum + Math.abs(answer - Number(truth)), 0) / pairs.length;
      return `${output.name}: off by ${number(error)}${output.unit ? ` ${output.unit}` : ""} on average`;
    }
    const same = pairs.filter(([answer, truth]) => String(answer) === truth).length;
    return `${same.toLocaleString("en")} of ${pairs.length.toLocaleString("en")} right (${percent(same / pairs.length)})`;
  }

  // Head and rows with their answers, as they are downloaded.
  lines(names, rows, found) {
    const added = this.outputs.flatMap((output) =>
      output.kind === "label"
        ? [output.name, `${output.name} score`]
        : output.interval
          ? [output.name, `${output.name} low`, `${output.name} high`]
          : [output.name],
    );
    const own = new Set(names);
    const heads = added.map((name) => (own.has(name) ? `answer: ${name}` : name));
    const cells = (output, value) => {
      if (output.kind === "label") return [value.label, value.score];
      if (output.interval) return [value.value, value.low, value.high];
      const told = plain(output, value);
      return [typeof told === "object" ? JSON.stringify(told) : told];
    };
    const body = rows.map((row, at) => [
      ...row,
      ...(found[at]?.prediction ? this.outputs.flatMap((output) => cells(output, found[at].prediction[output.name])) : heads.map(() => "")),
      found[at]?.problem ?? "",
    ]);
    return [[...names, ...heads, "problem"], ...body];
  }

  // `names`: columns that were asked; what stands behind them is answered.
  drawn([head, ...body], names) {
    const refused = body.some((row) => row[row.length - 1]);
    const last = refused ? head.length : head.length - 1;
    const order = [...head.keys()].slice(0, last).sort((one, other) => this.inputs.has(head[one]) - this.inputs.has(head[other])); // answers first
    const short = (cell) =>
      typeof cell === "number" ? number(cell) : String(cell).length > 60 ? `${String(cell).slice(0, 59)}…` : String(cell);
    const named = order.map((place) => make("th", { scope: "col", class: place < names ? null : "told" }, head[place]));
    const rows = body.slice(0, SHOWN).map((row) =>
      make(
        "tr",
        { class: row[row.length - 1] ? "refused" : null },
        order.map((place) => make("td", {}, short(row[place]))),
      ),
    );
    const left = body.length > SHOWN ? make("p", { class: "hint" }, `${plural(body.length - SHOWN, "more row")} in the file.`) : null;
    return make("div", {}, scrolled("answers", rows, named, "tall"), left);
  }
}
