/* What every part of the page is drawn with: elements, numbers, axes, legends, and what is shown under the pointer. */
const data = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
const { experiment, objective, trials, attempts } = data;
const up = objective.direction === "maximize";
const leader = experiment.best_trial;
const trialOf = new Map(trials.map((trial) => [trial.trial, trial]));
const rungs = [...new Set(trials.flatMap((trial) => trial.rungs.map(([units]) => units)))].sort((a, b) => a - b);
const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "line", "rect", "text", "circle"]);

const make = (name, attributes = {}, ...children) => {
  const node = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};
const svgOf = (W, H, label) => make("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label });
const section = (title, note, ...nodes) =>
  page.append(make("section", {}, make("h2", {}, title), note ? make("p", { class: "soft" }, note) : null, ...nodes));
const chart = (svg) => make("div", { class: "scroll" }, make("div", { class: "chart" }, svg));

/* Numbers as people write them: 4 digits, 1e-4 and not 0.0001, 12,000 and not 12000. */
const show = (value) => {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return typeof value === "object" ? JSON.stringify(value) : String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3).replace(/\.?0*e\+?/, "e");
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));
};
const percent = (share) => share === null || share === undefined ? "–" : `${(100 * share).toFixed(0)} %`;
const plural = (count, word) => `${show(count)} ${word}${count === 1 ? "" : "s"}`;
const time = (seconds) => {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 59.5) return seconds === 0 ? "0" : `${seconds < 9.95 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  return minutes < 60 ? `${minutes} min ${String(Math.round(seconds) % 60).padStart(2, "0")} s`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
};
const settings = (point, between) => Object.entries(point).map(([name, value]) => `${name} = ${show(value)}`).join(between);

const isNumber = (value) => typeof value === "number" && isFinite(value);
const failed = (trial) => trial.state === "failed" || trial.failure !== "";
const diverged = (trial) => !failed(trial) && !isNumber(trial.score) && trial.rungs.length > 0;
const spoilt = (trial) => failed(trial) || diverged(trial);
/* From grey to blue by how far a trial came; the best one and the failed ones stand out. */
const reached = (steps) => `color-mix(in oklab, var(--good) ${Math.round(100 * (rungs.length ? steps / rungs.length : 1) ** 2)}%, var(--poor))`;
const shade = (trial) => trial.trial === leader ? "var(--best)" : spoilt(trial) ? "var(--bad)" : reached(trial.rungs.length);

const ticks = (low, high, count) => {
  if (!(high > low)) return [low];
  const raw = (high - low) / count, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= raw * (1 - 1e-9));
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
};
const powers = (low, high) => {
  const found = [];
  for (let power = Math.ceil(Math.log10(low) - 1e-9); power <= Math.log10(high) + 1e-9; power += 1) found.push(10 ** power);
  return found;
};
const spaced = (marks, place, least) => {
  let last = -Infinity;
  return marks.filter((mark) => Math.abs(place(mark) - last) >= least && (last = place(mark), true));
};

const legend = (...entries) => make("p", { class: "legend" }, ...entries.filter(Boolean).map(([colour, text, mark]) =>
  make("span", {}, make("i", { style: mark ? `color:${colour}` : `background:${colour}`, class: mark ? "mark" : "" }, mark || null), text)));
const fareEntries = () => [
  leader === null ? null : ["var(--best)", "the best trial"],
  ...(rungs.length > 1 ? [[reached(rungs.length), `reached ${plural(rungs[rungs.length - 1], "unit")}`], [reached(1), `ended at ${plural(rungs[0], "unit")}`]] : []),
];

/* What is under the pointer: one tip for all charts, and every mark of the same trial stands out in each of them. */
const tip = make("div", { id: "tip" });
const marks = new Map();
let lit = [];
const tell = (event, text, trial) => {
  tip.textContent = text;
  tip.style.display = "block";
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18}px`;
  light(trial);
};
const light = (trial) => {
  for (const node of lit) node.classList.remove("on");
  lit = marks.get(trial) || [];
  for (const node of lit) node.classList.add("on");
};
const hush = () => { tip.style.display = "none"; light(null); };
const marked = (trial, node) => {
  if (!marks.has(trial.trial)) marks.set(trial.trial, []);
  marks.get(trial.trial).push(node);
  return node;
};
const hint = (node, text, trial) => {
  node.addEventListener("pointermove", (event) => tell(event, text, trial));
  node.addEventListener("pointerleave", hush);
  return node;
};
const verdict = (trial) => failed(trial) ? `failed: ${trial.failure || trial.why}` : diverged(trial) ? "diverged: its value is no number"
  : `${objective.metric} ${show(trial.score)} at ${plural(trial.units, "unit")}, ${trial.state}`;
const told = (trial) => `trial ${trial.experiment}.${trial.trial}: ${verdict(trial)}\n${settings(trial.point, "\n")}`;

/* The nearest of many lines is found for the pointer: a line one pixel wide is hard to hit. Points are in the drawing's own units. */
const nearest = (svg, lines) => {
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let found = null, least = 24 ** 2;
    for (const line of lines) for (let i = 0; i < line.at.length; i += 1) {
      const [ax, ay] = line.at[Math.max(0, i - 1)], [bx, by] = line.at[i];
      const long = (bx - ax) ** 2 + (by - ay) ** 2;
      const along = long ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
      const away = (x - ax - along * (bx - ax)) ** 2 + (y - ay - along * (by - ay)) ** 2;
      if (away < least) { least = away; found = line; }
    }
    if (found) tell(event, told(found.trial), found.trial.trial); else hush();
  });
  svg.addEventListener("pointerleave", hush);
};
const path = (at) => at.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
