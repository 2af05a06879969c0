// The page: the gate where a token is asked for, the form, its examples, and the answer.

import { answered, right, plain, showMark } from "./answers.js";
import { ask, dealBy, token } from "./ask.js";
import { byId, lasted, make, reveal } from "./dom.js";
import { Form } from "./fields.js";
import { judge } from "./judge.js";
import { thumb } from "./numbers.js";
import { drawable, greys, isLight, takes } from "./picture.js";
import { watch } from "./standing.js";
import { Many } from "./table.js";

class Page {
  constructor() {
    this.facts = JSON.parse(byId("facts").textContent);
    this.inputs = this.facts.signature.inputs;
    this.outputs = this.facts.signature.outputs;
    this.answer = byId("answer");
    this.told = byId("told");
    this.form = new Form(this.inputs, byId("form"));
    this.examples = ask("/page/examples")
      .then((answer) => answer.json())
      .catch(() => []);
    this.targets = {};
    dealBy(this.facts.unit);
    takes(this.facts.pictures);
    new Many(this.facts, { answer: this.answer, told: this.told });
    this.listen();
    this.thumbs();
    card();
    drops();
    this.code();
    watch();
  }

  listen() {
    const form = byId("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.form.write({});
      this.targets = {};
      this.code();
    });
    form.addEventListener("input", () => {
      this.targets = {}; // what is right of an example is not of another row
      this.code();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    for (const button of document.querySelectorAll("[data-example]")) {
      button.addEventListener("click", () => this.example(Number(button.dataset.example)));
    }
    byId("copy").addEventListener("click", async ({ target }) => {
      await navigator.clipboard.writeText(byId("curl").textContent);
      target.textContent = "Copied";
    });
    reveal(byId("copy"), Boolean(navigator.clipboard)); // browsers give it to https and to localhost alone
    for (const mode of document.querySelectorAll("[name=mode]")) {
      mode.addEventListener("change", () => {
        reveal(byId("one"), mode.value === "one");
        reveal(byId("many"), mode.value === "many");
      });
    }
  }

  async example(place) {
    const example = (await this.examples)[place];
    if (!example) {
      byId("problem").textContent = "The examples cannot be read; load the page again.";
      return;
    }
    await this.form.write(example.inputs);
    this.targets = example.targets ?? {};
    this.code();
    await this.ask(example.inputs);
  }

  async ask(given) {
    byId("problem").textContent = "";
    const row = given ?? this.form.row();
    if (!row) return;
    const { targets } = this;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const began = performance.now();
    this.answer.setAttribute("aria-busy", "true");
    try {
      const told = await (await ask("/predict", JSON.stringify(row))).json();
      if (turn === this.turn) this.show(told, row, targets, performance.now() - began);
    } catch (error) {
      if (!this.form.blame(error.where ?? "", error.message)) byId("problem").textContent = error.message;
    } finally {
      this.answer.removeAttribute("aria-busy");
    }
  }

  show(told, row, targets, milliseconds) {
    const shown = answered(this.outputs, told.prediction, row);
    this.answer.replaceChildren(...shown, ...this.known(told.prediction, targets));
    showMark(this.answer);
    const arm = this.facts.arms.length > 1 ? `, ${told.id.split(".").slice(0, -3).join(".")}` : "";
    this.told.textContent = `${told.model} ${told.version}${arm}, in ${lasted(milliseconds)}`;
    if (this.facts.arms.length === 1 && told.version !== this.facts.version)
      this.told.textContent += ". This page was made for another version: load it again.";
    judge(byId("judge"), this.outputs, { ...told, row, targets });
    const hidden = this.answer.getBoundingClientRect().top > innerHeight - 120;
    if (hidden) this.answer.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  // What an example says is right.
  known(prediction, targets) {
    return this.outputs.flatMap((output) => {
      const said = right(output, targets[output.name]);
      if (!said) return [];
      const same = output.kind !== "number" && said === String(plain(output, prediction[output.name]));
      const name = this.outputs.length > 1 ? ` ${output.name}` : "";
      return [make("p", { class: same ? "known same" : "known" }, `Right${name}: ${said}${same ? ", as the model says" : ""}`)];
    });
  }

  // Pictures on the buttons of examples, and the paper that they are drawn on.
  async thumbs() {
    const examples = await this.examples;
    for (const canvas of document.querySelectorAll("canvas[data-thumb]")) {
      const name = canvas.dataset.thumb;
      const value = examples[canvas.parentElement.dataset.example]?.inputs[name];
      if (!value) continue;
      const { field, root, kept } = this.form.named.get(name);
      if (field.kind === "tensor") thumb(canvas, value, root.dataset.grid.split(" ").map(Number), field.high || 1);
      else kept.paper(await pictured(canvas, value));
    }
  }

  code() {
    const [only, ...others] = this.inputs;
    const media = !others.length && { image: ["image/png", "picture.png"], audio: ["audio/wav", "recording.wav"] }[only.kind];
    const allowed = token.get() ? " \\\n  -H 'authorization: Bearer TOKEN'" : "";
    const [type, body] = media
      ? [media[0], `--data-binary @${media[1]}`]
      : ["application/json", `-d '${JSON.stringify(this.sketch()).replaceAll("'", "'\\''")}'`];
    byId("copy").textContent = "Copy";
    byId("curl").textContent = `curl -s ${location.origin}/predict${allowed} \\\n  -H 'content-type: ${type}' \\\n  ${body}`;
  }

  // What stands in the form, for reading: media are left out, and what is missing is null.
  sketch() {
    return Object.fromEntries(
      this.form.controls.map(({ field, kept }) => {
        try {
          return [field.name, ["image", "audio"].includes(field.kind) ? "BASE64" : (kept.read() ?? null)];
        } catch {
          return [field.name, null];
        }
      }),
    );
  }
}

// Draw an example's picture on its button; whether its paper is light.
async function pictured(canvas, uri) {
  const picture = await drawable(uri);
  const side = Math.max(picture.naturalWidth, picture.naturalHeight);
  const [wide, tall] = [picture.naturalWidth / side, picture.naturalHeight / side].map((share) => share * canvas.width);
  canvas.getContext("2d").drawImage(picture, (canvas.width - wide) / 2, (canvas.height - tall) / 2, wide, tall);
  return isLight(greys(picture, 28, 28), 28);
}

// Files that are dropped go to the part that they are dropped on.
function drops() {
  for (const part of document.querySelectorAll("[data-drop]")) {
    const over = (event) => {
      event.preventDefault();
      part.classList.toggle("over", event.type === "dragover");
    };
    part.addEventListener("dragover", over);
    part.addEventListener("dragleave", over);
    part.addEventListener("drop", (event) => {
      over(event);
      const { files } = event.dataTransfer;
      if (files[0]) part.dispatchEvent(Object.assign(new CustomEvent("dropped", { detail: files[0], bubbles: true }), { files }));
    });
  }
}

// A link cannot carry a token: with one, the card is asked for by a form.
function card() {
  byId("card")?.addEventListener("click", (event) => {
    if (!token.get()) return;
    event.preventDefault();
    const form = make(
      "form",
      { method: "post", action: "/page/card", target: "_blank", hidden: true },
      make("input", { type: "hidden", name: "token", value: token.get() }),
    );
    document.body.append(form);
    form.submit();
    form.remove();
  });
}

async function enter(given) {
  if (given) token.keep(given);
  try {
    byId("page").innerHTML = await (await ask("/page/form")).text(); // ours, and escaped where it was made
    document.title = byId("page").querySelector("h1").textContent;
    new Page();
  } catch (error) {
    byId("token-problem").textContent = given ? error.message : "";
    byId("token").focus();
  }
}

const gate = byId("gate");
if (gate) {
  gate.addEventListener("submit", (event) => {
    event.preventDefault();
    enter(byId("token").value.trim());
  });
  if (token.get()) enter("");
} else new Page();
