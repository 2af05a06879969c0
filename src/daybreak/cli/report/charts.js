/* Learning curves, parallel coordinates, importance, slots over time. */

function curves() {
  const title = "Learning curves";
  const lines = data.curves.map((curve) => ({ trial: trialOf.get(curve.trial),
    points: curve.steps.map((step, index) => [step, curve.values[index]]).filter(([, value]) => isNumber(value)) }))
    .filter((line) => line.trial && line.points.length);
  const lost = trials.filter(spoilt);
  if (!lines.length) return section(title, "No trial has reported yet.");
  const values = lines.flatMap((line) => line.points.map(([, value]) => value)).sort((a, b) => a - b);
  /* A few diverging trials must not flatten all others: the axis covers 96 % of the values on the bad side. */
  const low = up ? values[Math.floor(values.length * 0.04)] : values[0];
  const high = up ? values[values.length - 1] : values[Math.ceil(values.length * 0.96) - 1];
  const most = Math.max(...lines.map((line) => line.points[line.points.length - 1][0]), ...lost.map((trial) => trial.units));
  const W = 1040, H = 380, L = 64, R = 14, T = 12, B = 44, pad = (high - low) * 0.04 || Math.abs(high) * 0.1 || 1;
  const bottom = low - pad, top = high + pad;
  const x = (step) => L + (W - L - R) * Math.sqrt(step / most);
  const y = (value) => T + (H - T - B) * (1 - (Math.min(Math.max(value, bottom), top) - bottom) / (top - bottom));
  const svg = svgOf(W, H, title);
  for (const at of ticks(bottom, top, 6)) svg.append(make("line", { class: "axis", x1: L, x2: W - R, y1: y(at), y2: y(at) }),
    make("text", { x: L - 8, y: y(at) + 4, "text-anchor": "end" }, show(at)));
  for (const at of spaced(rungs.length ? rungs : ticks(0, most, 6), x, 34)) svg.append(
    make("line", { class: "axis", x1: x(at), x2: x(at), y1: T, y2: H - B }),
    make("text", { x: x(at), y: H - B + 16, "text-anchor": "middle" }, show(at)));
  svg.append(make("text", { class: "label", x: (L + W - R) / 2, y: H - 6, "text-anchor": "middle" }, "units"),
    make("text", { class: "label", "text-anchor": "middle", transform: `translate(13 ${(T + H - B) / 2}) rotate(-90)` }, objective.metric));
  if (isNumber(experiment.baseline) && experiment.baseline >= bottom && experiment.baseline <= top) svg.append(
    make("line", { class: "baseline", x1: L, x2: W - R, y1: y(experiment.baseline), y2: y(experiment.baseline) }),
    make("text", { x: W - R - 4, y: y(experiment.baseline) - 4, "text-anchor": "end" }, `baseline ${show(experiment.baseline)}`));
  lines.sort((a, b) => (a.trial.trial === leader) - (b.trial.trial === leader) || a.trial.rungs.length - b.trial.rungs.length);
  for (const line of lines) {
    line.at = line.points.map(([step, value]) => [x(step), y(value)]);
    const style = shade(line.trial);
    svg.append(marked(line.trial, line.at.length > 1 ? make("path", { class: `curve${line.trial.trial === leader ? " best" : ""}`, d: path(line.at), style: `stroke:${style}` })
      : make("circle", { class: "dot", cx: line.at[0][0], cy: line.at[0][1], r: 2.4, style: `fill:${style}` })));
  }
  nearest(svg, lines);
  for (const trial of lost) svg.append(marked(trial, hint(make("text", { class: "cross", x: x(trial.units), y: H - B + 1, "text-anchor": "middle" }, "✕"), told(trial), trial.trial)));
  section(title, `${objective.metric} over units, on a square-root scale; upright lines mark the rungs, where trials are judged.`
    + (data.hidden_curves ? ` The best ${lines.length} trials are drawn, ${data.hidden_curves} more are not.` : ""),
  legend(...fareEntries(), lost.length ? ["var(--bad)", `${lost.length} failed or diverged, below where it happened`, "✕"] : null), chart(svg));
}

/* One upright axis: where a value stands on it (0 at the bottom, 1 at the top), and what is written beside it. */
function axisOf(name, found, domain) {
  const values = found.map((trial) => domain === null ? trial.score : trial.point[name]).filter((value) => value !== undefined && value !== null);
  if (!values.length) return null;
  const choices = domain && domain.options ? domain.options : values.every(isNumber) ? null : [...new Set(values.map((v) => JSON.stringify(v)))].map((v) => JSON.parse(v));
  if (choices) {
    const keys = choices.map((option) => JSON.stringify(option));
    return { name, place: (value) => (keys.indexOf(JSON.stringify(value)) + 0.5) / keys.length, marks: choices };
  }
  const low = domain && isNumber(domain.low) ? domain.low : Math.min(...values), high = domain && isNumber(domain.high) ? domain.high : Math.max(...values);
  const log = Boolean(domain && (domain.kind === "log" || domain.log) && low > 0);
  const place = (value) => high === low ? 0.5 : log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const inner = log ? powers(low, high) : ticks(low, high, 4);
  return { name, place, log, marks: inner.length > 1 ? inner : [low, high] };
}

function parallel() {
  const title = "Hyperparameters";
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial.point)))].filter((name) => (experiment.spec.space[name] || {}).kind !== "constant");
  const scored = trials.filter((trial) => isNumber(trial.score)).slice(0, 600), lost = trials.filter(spoilt).slice(0, 100);
  if (!names.length || scored.length < 2) return section(title, "Drawn as soon as two trials have a score.");
  const axes = [...names.map((name) => axisOf(name, [...scored, ...lost], experiment.spec.space[name] || {})), axisOf(objective.metric, scored, null)].filter(Boolean);
  const L = 46, R = 96, W = Math.max(1040, L + R + 92 * (axes.length - 1)), gap = (W - L - R) / Math.max(1, axes.length - 1);
  const tilted = axes.some((axis) => axis.name.length * 7 > gap - 8);
  const T = tilted ? Math.min(130, 24 + 3.2 * Math.max(...axes.map((axis) => axis.name.length))) : 34, B = 16, H = T + 300 + B;
  const y = (axis, value) => T + 8 + (H - T - B - 16) * (1 - axis.place(value));
  const svg = svgOf(W, H, title);
  axes.forEach((axis, index) => {
    axis.x = L + gap * index;
    axis.of = (trial) => index === axes.length - 1 ? trial.score : trial.point[axis.name];
    svg.append(make("line", { class: "upright", x1: axis.x, x2: axis.x, y1: T, y2: H - B }));
  });
  const rank = new Map(scored.map((trial, index) => [trial.trial, 1 - index / Math.max(1, scored.length - 1)]));
  const lines = [...lost, ...[...scored].reverse()].map((trial) => ({ trial,
    at: axes.map((axis) => [axis, axis.of(trial)]).filter(([, value]) => value !== undefined && value !== null).map(([axis, value]) => [axis.x, y(axis, value)]) }));
  for (const line of lines) {
    const good = `color-mix(in oklab, var(--good) ${Math.round(100 * (rank.get(line.trial.trial) ?? 0) ** 2)}%, var(--poor))`;
    const colour = line.trial.trial === leader ? "var(--best)" : spoilt(line.trial) ? "var(--bad)" : good;
    svg.append(marked(line.trial, make("path", { class: `curve${line.trial.trial === leader ? " best" : ""}${spoilt(line.trial) ? " lost" : ""}`, style: `stroke:${colour}`, d: path(line.at) })));
  }
  for (const axis of axes) {
    svg.append(make("text", tilted ? { class: "name", transform: `translate(${axis.x - 3} ${T - 8}) rotate(-28)` } : { class: "name", x: axis.x, y: T - 10, "text-anchor": "middle" },
      axis.name.length > 34 ? axis.name.slice(0, 33) + "…" : axis.name));
    for (const value of spaced(axis.marks, (mark) => y(axis, mark), 13)) {
      const text = show(value);
      svg.append(make("line", { class: "upright", x1: axis.x, x2: axis.x + 4, y1: y(axis, value), y2: y(axis, value) }),
        make("text", { class: "halo", x: axis.x + 7, y: y(axis, value) + 4 }, text.length > 14 ? text.slice(0, 13) + "…" : text));
    }
  }
  nearest(svg, lines);
  const logs = axes.filter((axis) => axis.log).map((axis) => axis.name);
  section(title, `One line a trial, from its hyperparameters to its ${objective.metric} on the right.` + (logs.length ? ` On a log scale: ${logs.join(", ")}.` : ""),
    legend(["var(--best)", "the best trial"], ["var(--good)", "good"], ["var(--poor)", "poor"], lost.length ? ["var(--bad)", "failed or diverged (its line ends before the score)"] : null), chart(svg));
}

function importance() {
  const title = "Importance", shares = Object.entries(data.importance).sort((a, b) => b[1] - a[1]);
  if (!shares.length) return section(title, "Too few trials have a score to tell which hyperparameters matter.");
  const most = shares[0][1] || 1;
  section(title, "How much of the difference between good and other trials each hyperparameter accounts for.",
    make("table", { class: "bars" }, ...shares.map(([name, share]) => make("tr", {}, make("td", {}, name),
      make("td", { class: "n" }, percent(share)), make("td", {}, make("div", { class: "bar", style: `width:${Math.max(0.5, 100 * share / most)}%` }))))));
}

function timeline() {
  const title = "Slots over time", ran = attempts.filter((attempt) => attempt.slots.length);
  if (!ran.length) return section(title, "No attempt has held a slot yet.");
  const now = data.status.at;
  const start = Math.min(...ran.map((attempt) => attempt.granted)), end = Math.max(...ran.map((attempt) => attempt.ended ?? now));
  const lanes = [...new Set(ran.flatMap((attempt) => attempt.slots.map((slot) => `${attempt.machine} ${slot}`)))]
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const laneOf = new Map(lanes.map((lane, index) => [lane, index]));
  const W = 1040, L = 90, R = 24, row = Math.max(6, Math.min(26, 400 / lanes.length)), H = lanes.length * row + 26;
  const x = (at) => L + (W - L - R) * (at - start) / Math.max(end - start, 1e-6);
  const svg = svgOf(W, H, title);
  const every = Math.ceil(12 / row);
  lanes.forEach((lane, index) => { if (index % every === 0) svg.append(make("text", { x: L - 8, y: index * row + row / 2 + 4, "text-anchor": "end" }, lane)); });
  for (const at of ticks(0, end - start, 8)) svg.append(make("line", { class: "axis", x1: x(start + at), x2: x(start + at), y1: 0, y2: H - 20 }),
    make("text", { x: x(start + at), y: H - 6, "text-anchor": "middle" }, time(at)));
  for (const attempt of ran) for (const slot of attempt.slots) {
    const trial = trialOf.get(attempt.trial), from = x(attempt.granted), to = x(attempt.ended ?? now);
    const crashed = attempt.reason === "crashed" || attempt.reason === "lost";
    const bar = make("rect", { class: "stay", x: from, y: laneOf.get(`${attempt.machine} ${slot}`) * row + 1, height: row - 2, width: Math.max(0.8, to - from - 0.6),
      rx: 1.5, style: `fill:${crashed ? "var(--bad)" : trial ? shade(trial) : "var(--poor)"}` });
    hint(bar, `attempt ${attempt.experiment}.${attempt.trial}.${attempt.epoch}: units ${attempt.from_units} to ${attempt.to_units}, ${attempt.reason || attempt.state}\n`
      + `${time((attempt.ended ?? now) - attempt.granted)} on the slot, ${time(attempt.user_seconds)} of it in your code\nbecause: ${attempt.why || "–"}`, attempt.trial);
    svg.append(trial ? marked(trial, bar) : bar);
  }
  const held = ran.reduce((sum, attempt) => sum + ((attempt.ended ?? now) - attempt.granted) * attempt.slots.length, 0);
  section(title, `One bar for each stay of a trial on a slot; a trial that was frozen and promoted later has several. `
    + `The slots it used were busy ${percent(held / Math.max(1e-9, (end - start) * lanes.length))} of the time.`,
  legend(...fareEntries(), ran.some((attempt) => ["crashed", "lost"].includes(attempt.reason)) || trials.some(spoilt) ? ["var(--bad)", "failed, diverged or lost"] : null), chart(svg));
}
