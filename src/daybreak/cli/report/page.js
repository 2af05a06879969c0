"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
const { experiment, objective, trials, attempts } = data;
const up = objective.direction === "maximize";
const SVG = "http://www.w3.org/2000/svg";

const make = (name, attributes = {}, ...children) => {
  const node = ["svg", "g", "path", "line", "rect", "text", "circle"].includes(name)
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};
const show = (value) => {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return typeof value === "object" ? JSON.stringify(value) : String(value);
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));
};
const time = (seconds) => seconds === null ? "–" : seconds < 60 ? `${seconds.toFixed(1)} s`
  : seconds < 3600 ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  : `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
const section = (title, note, ...nodes) =>
  page.append(make("h2", {}, title), note ? make("p", { class: "soft" }, note) : null, ...nodes);

const tip = make("div", { id: "tip" });
const hint = (node, text) => {
  node.addEventListener("mousemove", (event) => {
    tip.textContent = text;
    tip.style.display = "block";
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - 300)}px`;
    tip.style.top = `${event.clientY + 14}px`;
  });
  node.addEventListener("mouseleave", () => { tip.style.display = "none"; });
  return node;
};
const told = (trial) => `trial ${trial.experiment}.${trial.trial}: ${objective.metric} ${show(trial.score)} at ${trial.units} units\n`
  + Object.entries(trial.point).map(([name, value]) => `${name} = ${show(value)}`).join("\n");

const rungs = [...new Set(trials.flatMap((trial) => trial.rungs.map(([units]) => units)))].sort((a, b) => a - b);
const leader = experiment.best_trial;
/* From grey to blue by how far a trial came; the best one stands out. */
const shade = (trial) => {
  if (trial.trial === leader) return "var(--best)";
  const share = rungs.length ? trial.rungs.length / rungs.length : 1;
  return `color-mix(in oklab, var(--good) ${Math.round(100 * share * share)}%, var(--poor))`;
};

const ticks = (low, high, count) => {
  if (!(high > low)) return [low];
  const raw = (high - low) / count, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= raw);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
};

function head() {
  document.body.append(tip);
  page.append(
    make("h1", {}, `${experiment.name} `, make("span", { class: "soft" }, `#${experiment.experiment}`)),
    make("p", { class: "soft" }, `${experiment.state}${experiment.why ? ": " + experiment.why : ""}`));
  const best = trials.find((trial) => trial.trial === leader);
  const states = {};
  for (const trial of trials) states[trial.state] = (states[trial.state] || 0) + 1;
  const busy = attempts.reduce((sum, attempt) => sum + attempt.user_seconds, 0);
  const held = attempts.reduce((sum, attempt) => sum + attempt.slot_seconds, 0);
  const cards = [
    [show(best ? best.score : null), `best ${objective.metric}`],
    experiment.baseline !== null && best ? [`${best.score >= experiment.baseline ? "+" : ""}${show(best.score - experiment.baseline)}`,
      `lift over the baseline's ${show(experiment.baseline)}`] : ["none", "baseline: a score says little without one"],
    [show(trials.length), "trials: " + Object.entries(states).map(([state, count]) => `${count} ${state}`).join(", ")],
    [show(experiment.units), "units trained"],
    [time(experiment.slot_seconds), held ? `of slots, ${(100 * busy / held).toFixed(0)} % of it in your code` : "of slots"],
    [time(experiment.started && experiment.ended ? experiment.ended - experiment.started : null), "from start to end"],
  ];
  page.append(make("div", { class: "cards" }, ...cards.map(([value, label]) =>
    make("div", { class: "card" }, make("b", {}, value), make("span", {}, label)))));
  if (best) page.append(make("p", {}, "Best: ", make("code", {},
    Object.entries(best.point).map(([name, value]) => `${name}=${show(value)}`).join("  "))));
  for (const notice of data.notices) page.append(make("p", { class: notice.level === "info" ? "soft" : "warning" }, notice.text));
}

function curves() {
  const byTrial = new Map(trials.map((trial) => [trial.trial, trial]));
  const lines = data.curves.map((curve) => ({ trial: byTrial.get(curve.trial),
    points: curve.steps.map((step, index) => [step, curve.values[index]]).filter(([, value]) => value !== null && isFinite(value)) }))
    .filter((line) => line.trial && line.points.length);
  if (!lines.length) return;
  const values = lines.flatMap((line) => line.points.map(([, value]) => value)).sort((a, b) => a - b);
  /* A few diverged trials must not flatten all others: the axis covers 96 % of the values on the bad side. */
  const low = up ? values[Math.floor(values.length * 0.04)] : values[0];
  const high = up ? values[values.length - 1] : values[Math.ceil(values.length * 0.96) - 1];
  const most = Math.max(...lines.map((line) => line.points[line.points.length - 1][0]));
  const W = 1040, H = 340, L = 52, R = 10, T = 8, B = 28, pad = (high - low) * 0.04 || 1;
  const x = (step) => L + (W - L - R) * Math.sqrt(step / most);
  const y = (value) => T + (H - T - B) * (1 - (Math.min(Math.max(value, low - pad), high + pad) - low + pad) / (high - low + 2 * pad));
  const svg = make("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "learning curves" });
  for (const at of ticks(low, high, 5)) svg.append(
    make("line", { class: "axis", x1: L, x2: W - R, y1: y(at), y2: y(at) }),
    make("text", { x: L - 6, y: y(at) + 4, "text-anchor": "end" }, show(at)));
  for (const at of rungs.length ? rungs : ticks(0, most, 6)) svg.append(
    make("line", { class: "axis", x1: x(at), x2: x(at), y1: T, y2: H - B }),
    make("text", { x: x(at), y: H - 10, "text-anchor": "middle" }, show(at)));
  lines.sort((a, b) => (a.trial.trial === leader) - (b.trial.trial === leader) || a.trial.rungs.length - b.trial.rungs.length);
  for (const { trial, points } of lines) {
    const shape = points.length > 1
      ? make("path", { class: "curve", d: points.map(([step, value], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join(""), style: `stroke:${shade(trial)}` })
      : make("circle", { cx: x(points[0][0]), cy: y(points[0][1]), r: 2.2, style: `fill:${shade(trial)}` });
    svg.append(hint(shape, told(trial)));
  }
  section("Learning curves", `${objective.metric} over units (square-root scale; lines mark the rungs). Darker came farther, the best stands out.`
    + (data.hidden_curves ? ` The best ${lines.length} are drawn, ${data.hidden_curves} are not.` : ""), svg);
}

function parallel() {
  const names = Object.keys(experiment.spec.space).filter((name) => experiment.spec.space[name].kind !== "constant");
  const scored = trials.filter((trial) => trial.score !== null && isFinite(trial.score)).slice(0, 600);
  if (!names.length || scored.length < 2) return;
  const W = 1040, H = 320, T = 30, B = 24, L = 60, R = 60;
  const scores = scored.map((trial) => trial.score);
  const axes = [...names, objective.metric].map((name, index, all) => {
    const domain = experiment.spec.space[name];
    const x = L + (W - L - R) * index / (all.length - 1);
    const log = domain && (domain.kind === "log" || domain.log);
    const options = domain && domain.kind === "choice" ? domain.options.map((option) => JSON.stringify(option)) : null;
    const low = domain ? domain.low : Math.min(...scores), high = domain ? domain.high : Math.max(...scores);
    const place = (value) => options ? (options.indexOf(JSON.stringify(value)) + 0.5) / options.length
      : high === low ? 0.5 : log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return { name, x, options, low, high, log, y: (value) => T + (H - T - B) * (1 - place(value)), of: (trial) => domain ? trial.point[name] : trial.score };
  });
  const svg = make("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "parallel coordinates" });
  const order = [...scored].reverse();
  const rank = new Map(scored.map((trial, index) => [trial.trial, 1 - index / Math.max(1, scored.length - 1)]));
  for (const trial of order) {
    const found = axes.map((axis) => [axis, axis.of(trial)]).filter(([, value]) => value !== undefined && value !== null);
    const colour = trial.trial === leader ? "var(--best)" : `color-mix(in oklab, var(--good) ${Math.round(100 * rank.get(trial.trial) ** 2)}%, var(--poor))`;
    svg.append(hint(make("path", { class: "curve", style: `stroke:${colour}`,
      d: found.map(([axis, value], i) => `${i ? "L" : "M"}${axis.x.toFixed(1)} ${axis.y(value).toFixed(1)}`).join("") }), told(trial)));
  }
  for (const axis of axes) {
    svg.append(make("line", { x1: axis.x, x2: axis.x, y1: T, y2: H - B, style: "stroke:var(--soft)" }),
      make("text", { x: axis.x, y: 14, "text-anchor": "middle", style: "font-weight:600" }, axis.name));
    const marks = axis.options ? axis.options.map((option) => [JSON.parse(option), option]) : [[axis.high, show(axis.high)], [axis.low, show(axis.low)]];
    for (const [value, label] of marks) svg.append(make("text", { x: axis.x + 5, y: axis.y(value) + (axis.options ? 4 : value === axis.low ? 14 : -3) }, show(JSON.parse(JSON.stringify(value)) ?? label)));
  }
  section("Hyperparameters", "One line a trial, bluer is better, the best stands out. Logarithmic domains are drawn so.", svg);
}

function importance() {
  const shares = Object.entries(data.importance).sort((a, b) => b[1] - a[1]);
  if (!shares.length) return;
  const most = shares[0][1] || 1;
  section("Importance", "How much of the difference between good and other trials each hyperparameter accounts for.",
    make("table", {}, ...shares.map(([name, share]) => make("tr", {}, make("td", { style: "width:1%" }, name),
      make("td", { class: "n", style: "width:1%" }, `${(100 * share).toFixed(0)} %`),
      make("td", {}, make("div", { class: "bar", style: `width:${Math.max(0.5, 100 * share / most)}%` }))))));
}

function timeline() {
  const ran = attempts.filter((attempt) => attempt.slots.length);
  if (!ran.length) return;
  const now = data.status.at;
  const start = Math.min(...ran.map((attempt) => attempt.granted)), end = Math.max(...ran.map((attempt) => attempt.ended ?? now));
  const lanes = [...new Set(ran.flatMap((attempt) => attempt.slots.map((slot) => `${attempt.machine} ${slot}`)))].sort();
  const W = 1040, L = 80, row = Math.max(6, Math.min(26, 400 / lanes.length)), H = lanes.length * row + 26;
  const x = (at) => L + (W - L - 8) * (at - start) / Math.max(end - start, 1e-6);
  const svg = make("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "slots over time" });
  const byTrial = new Map(trials.map((trial) => [trial.trial, trial]));
  lanes.forEach((lane, index) => { if (row >= 10 || index % 10 === 0) svg.append(make("text", { x: L - 6, y: index * row + row * 0.7, "text-anchor": "end" }, lane)); });
  for (const attempt of ran) for (const slot of attempt.slots) {
    const trial = byTrial.get(attempt.trial), from = x(attempt.granted), to = x(attempt.ended ?? now);
    svg.append(hint(make("rect", { x: from, y: lanes.indexOf(`${attempt.machine} ${slot}`) * row + 1, height: row - 2, width: Math.max(0.6, to - from - 0.4),
      rx: 1.5, style: `fill:${trial ? shade(trial) : "var(--poor)"}` }),
    `attempt ${attempt.experiment}.${attempt.trial}.${attempt.epoch}: units ${attempt.from_units} to ${attempt.to_units}, ${attempt.reason || attempt.state}\n`
      + `${time((attempt.ended ?? now) - attempt.granted)} on the slot, ${time(attempt.user_seconds)} of it in your code\n${attempt.why}`));
  }
  for (const at of ticks(0, end - start, 8)) svg.append(make("text", { x: x(start + at), y: H - 6, "text-anchor": "middle" }, time(at)));
  section("Slots over time", "One bar an attempt; a trial that was frozen and promoted has several.", svg);
}

function cell(value) { return make("td", typeof value === "number" ? { class: "n" } : {}, show(value)); }

const percent = (share) => share === null || share === undefined ? "–" : `${(100 * share).toFixed(0)} %`;

function pruned() {
  const rungTable = make("table", {}, make("tr", {}, ...["rung at", "reported", "frozen there", "best there"].map((name) => make("th", { class: "n" }, name))),
    ...data.status.rungs.map((rung) => make("tr", {}, ...[rung.units, rung.reported, rung.frozen, rung.best].map(cell))));
  const guard = ((experiment.summary || {}).facts || {}).guard;
  const told = [make("div", { class: "scroll" }, rungTable)];
  if (guard) {
    told.push(make("p", {}, `The guard let ${guard.trials} trials go on beyond a cut, for ${show(guard.units)} units (${percent(guard.share)} of all). `
      + (guard.lifted.length ? `It lifted the cut at ${guard.lifted.map(show).join(", ")}: there, pruning was no better than chance.` : "It found no cut to lift.")));
    const seen = guard.cuts.filter((cut) => cut.graced > 0);
    if (seen.length) told.push(make("div", { class: "scroll" }, make("table", {},
      make("tr", {}, ...["cut at", "next rung", "rank correlation", "95 % interval", "graced", "cut trials that would have led", "interval", "loss they would have saved"].map((name) => make("th", { class: "n" }, name))),
      ...seen.map((cut) => make("tr", {}, ...[show(cut.units), show(cut.next), show(cut.correlation), `${show(cut.low)} to ${show(cut.high)}`, show(cut.graced),
        percent(cut.regret.share), `${percent(cut.regret.low)} to ${percent(cut.regret.high)}`, show(cut.regret.gain)].map((text) => make("td", { class: "n" }, text)))))));
  }
  section("What was pruned", "Trials that were not promoted are frozen, not lost; the guard lets some of them go on to see what pruning costs.", ...told);
}

function confirmed() {
  const found = ((experiment.summary || {}).confirm || {}).points;
  if (!found || !found.length) return;
  section("Confirmed on fresh seeds", "The winner of a search owes part of its score to luck; trained again from the start it shows what it is worth.",
    make("div", { class: "scroll" }, make("table", {}, make("tr", {}, ...Object.keys(found[0]).map((name) => make("th", {}, name))),
      ...found.map((row) => make("tr", {}, ...Object.values(row).map(cell))))));
}

function list() {
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial.point)))];
  const header = ["trial", "state", objective.metric, "units", ...names, "slot time", "from"];
  const rows = trials.slice(0, 200).map((trial) => make("tr", trial.trial === leader ? { class: "best" } : {},
    ...[`${trial.experiment}.${trial.trial}`, trial.state, trial.score, trial.units, ...names.map((name) => trial.point[name]), time(trial.slot_seconds), trial.source].map(cell)));
  section("Trials", trials.length > 200 ? `The best 200 of ${trials.length}; all of them: daybreak export ${experiment.experiment}` : "",
    make("div", { class: "scroll" }, make("table", {}, make("tr", {}, ...header.map((name) => make("th", {}, name))), ...rows)));
  const spec = make("details", {}, make("summary", {}, `blake3 ${experiment.spec_hash}`), make("pre", {}, JSON.stringify(experiment.spec, null, 1)));
  section("The resolved spec", "", spec);
}

for (const part of [head, confirmed, curves, parallel, importance, timeline, pruned, list]) part();
