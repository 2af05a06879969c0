/* Several objectives: the first two against each other, and the trials that no other beats. */

/* The range of an axis: all values, but for the worst 4 %, which a few diverging trials may have put far away. */
function extent(values, larger) {
  const sorted = [...values].sort((a, b) => a - b);
  const low = larger ? sorted[Math.floor(sorted.length * 0.04)] : sorted[0];
  const high = larger ? sorted[sorted.length - 1] : sorted[Math.ceil(sorted.length * 0.96) - 1];
  const pad = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
  return [low - pad, high + pad];
}

/* From one trial of the front to the next by way of the corner that both leave uncovered. */
function stairs(points, larger) {
  const worse = (a, b, up) => up ? Math.min(a, b) : Math.max(a, b);
  return points.flatMap(([x, y], i) => i ? [[worse(points[i - 1][0], x, larger[0]), worse(points[i - 1][1], y, larger[1])], [x, y]] : [[x, y]]);
}

function against() {
  const objectives = experiment.spec.objectives;
  if (objectives.length < 2) return;
  const [first, second] = objectives, title = `${first.metric} against ${second.metric}`;
  const valuesOf = (trial) => [trial.last[first.metric], trial.last[second.metric]];
  const drawn = trials.filter((trial) => !failed(trial) && valuesOf(trial).every(isNumber));
  if (!drawn.length) return section(title, "No trial has reported both yet.");
  const larger = [first, second].map((one) => one.direction === "maximize"), on = new Set(data.front);
  const W = 1040, H = 420, L = 64, R = 14, T = 12, B = 44;
  const [[left, right], [bottom, top]] = [0, 1].map((index) => extent(drawn.map((trial) => valuesOf(trial)[index]), larger[index]));
  const x = (value) => L + (W - L - R) * (Math.min(Math.max(value, left), right) - left) / (right - left);
  const y = (value) => T + (H - T - B) * (1 - (Math.min(Math.max(value, bottom), top) - bottom) / (top - bottom));
  const svg = svgOf(W, H, title);
  for (const at of ticks(bottom, top, 6)) svg.append(make("line", { class: "axis", x1: L, x2: W - R, y1: y(at), y2: y(at) }),
    make("text", { x: L - 8, y: y(at) + 4, "text-anchor": "end" }, show(at)));
  for (const at of ticks(left, right, 8)) svg.append(make("line", { class: "axis", x1: x(at), x2: x(at), y1: T, y2: H - B }),
    make("text", { x: x(at), y: H - B + 16, "text-anchor": "middle" }, show(at)));
  const named = (one) => `${one.metric} (${one.direction === "maximize" ? "larger" : "smaller"} is better)`;
  svg.append(make("text", { class: "label", x: (L + W - R) / 2, y: H - 6, "text-anchor": "middle" }, named(first)),
    make("text", { class: "label", "text-anchor": "middle", transform: `translate(13 ${(T + H - B) / 2}) rotate(-90)` }, named(second)));
  const members = drawn.filter((trial) => on.has(trial.trial)).map(valuesOf).sort(([a], [b]) => a - b);
  if (objectives.length === 2) svg.append(make("path", { class: "front", d: path(stairs(members, larger).map(([a, b]) => [x(a), y(b)])) }));
  drawn.sort((a, b) => on.has(a.trial) - on.has(b.trial));
  const lines = drawn.map((trial) => ({ trial, at: [[x(valuesOf(trial)[0]), y(valuesOf(trial)[1])]] }));
  for (const { trial, at: [[cx, cy]] } of lines) svg.append(marked(trial, make("circle", { class: "dot", cx, cy, r: on.has(trial.trial) ? 5 : 3,
    style: `fill:${on.has(trial.trial) ? "var(--best)" : reached(trial.rungs.length)}` })));
  nearest(svg, lines);
  section(title, `Each trial by what it reported last. No trial is better than the ${plural(members.length, "marked one")} in one objective without being worse in another`
    + (objectives.length > 2 ? `, ${objectives.slice(2).map((one) => one.metric).join(", ")} included.` : "."),
  legend(["var(--best)", "on the front"], ...fareEntries().slice(leader === null ? 0 : 1)), chart(svg));
}
