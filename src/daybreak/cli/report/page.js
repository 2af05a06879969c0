/* The page, top to bottom. */

function head() {
  document.body.append(tip);
  page.append(make("h1", {}, `${experiment.name} `, make("span", { class: "soft" }, `#${experiment.experiment}`)),
    make("p", { class: "soft" }, `${experiment.state}${experiment.why ? ": " + experiment.why : ""}`));
  const best = trialOf.get(leader), states = {};
  for (const trial of trials) states[trial.state] = (states[trial.state] || 0) + 1;
  const busy = attempts.reduce((sum, attempt) => sum + attempt.user_seconds * Math.max(1, attempt.slots.length), 0);
  const held = attempts.reduce((sum, attempt) => sum + attempt.slot_seconds, 0);
  const lift = best && isNumber(experiment.baseline) ? (best.score - experiment.baseline) * (up ? 1 : -1) : null;
  const cards = [
    [show(best ? best.score : null), `best ${objective.metric} (${up ? "larger" : "smaller"} is better)`],
    lift === null ? ["–", "no baseline: a score says little without one"]
      : [`${lift >= 0 ? "+" : "−"}${show(Math.abs(lift))}`, `${lift >= 0 ? "better" : "worse"} than the baseline, ${show(experiment.baseline)}`],
    [show(trials.length), "trials: " + Object.entries(states).map(([state, count]) => `${count} ${state}`).join(", ")],
    [show(experiment.units), "units trained"],
    [time(experiment.slot_seconds), held ? `of slots, ${percent(Math.min(1, busy / held))} of it in your code` : "of slots"],
    [time(experiment.started !== null && experiment.ended !== null ? experiment.ended - experiment.started : null), "from start to end"],
  ];
  page.append(make("div", { class: "cards" }, ...cards.map(([value, label]) => make("div", { class: "card" }, make("b", {}, value), make("span", {}, label)))));
  if (best) page.append(make("p", {}, `Best: trial ${best.experiment}.${best.trial}, trained for ${plural(best.units, "unit")}${
    best.last[objective.metric] !== undefined && best.last[objective.metric] !== best.score
      ? `; the score is its best report, its last is ${show(best.last[objective.metric])}` : ""}`),
    make("p", { class: "point" }, ...Object.entries(best.point).map(([name, value]) => make("code", {}, `${name} = ${show(value)}`))));
  for (const line of data.believed) page.append(make("p", { class: "soft" }, line));
  for (const notice of data.notices) page.append(make("p", { class: notice.level }, `${notice.level}: ${notice.text}`));
  failures();
}

function failures() {
  const lost = trials.filter(failed), wild = trials.filter(diverged);
  if (wild.length) page.append(make("p", { class: "warning" }, `${plural(wild.length, "trial")} diverged (a value that is no number): ${names(wild)}.`));
  if (!lost.length) return;
  const why = new Map();
  for (const trial of lost) why.set(trial.failure, [...(why.get(trial.failure) || []), trial]);
  page.append(make("p", { class: "error" }, `${plural(lost.length, "trial")} failed:`),
    make("ul", {}, ...[...why].map(([text, those]) => make("li", {}, `${text || "for no reason given"} (${names(those)})`))));
}

const names = (those) => those.slice(0, 8).map((trial) => `${trial.experiment}.${trial.trial}`).join(", ") + (those.length > 8 ? ` and ${those.length - 8} more` : "");
const cell = (value) => make("td", typeof value === "number" ? { class: "n" } : {}, show(value));
const row = (values) => make("tr", {}, ...values.map(cell));
const headed = (titles, ...rows) => make("div", { class: "scroll" }, make("table", {}, make("tr", {}, ...titles.map((title) => make("th", { class: "n" }, title))), ...rows));

function pruned() {
  const guard = ((experiment.summary || {}).facts || {}).guard;
  if (!guard && data.status.rungs.every((rung) => rung.frozen === 0)) return section("What was pruned", "Nothing: every trial was trained to its end.");
  const nodes = [headed(["rung at", "trials that reported there", "frozen there now", `best ${objective.metric} there`],
    ...data.status.rungs.map((rung) => row([rung.units, rung.reported, rung.frozen, rung.best])))];
  if (guard) {
    nodes.push(make("p", {}, guard.trials
      ? `To see what pruning costs, the guard let ${plural(guard.trials, "trial")} go on that the rule would have frozen: ${plural(guard.units, "unit")}, ${percent(guard.share)} of all.`
      : "The guard let no trial go on beyond a cut, so what pruning cost is not known."));
    nodes.push(make("ul", {}, ...guard.cuts.filter((cut) => cut.graced > 0).map((cut) => make("li", {}, judged(cut, guard)))));
  }
  section("What was pruned", "Trials that were not among the best of their rung are frozen at a checkpoint, not lost: daybreak resume with a larger budget goes on with them.", ...nodes);
}

/* One cut in plain words. */
function judged(cut, guard) {
  const regret = cut.regret;
  const ranks = isNumber(cut.correlation) ? `The order of trials there agrees with the order at ${show(cut.next)} with a rank correlation of ${show(cut.correlation)} (90 % interval ${show(cut.low)} to ${show(cut.high)})` : "How the order there agrees with the next rung's is not known yet";
  const cost = regret.share > 0 ? `an estimated ${percent(regret.share)} of the frozen ones (${percent(regret.low)} to ${percent(regret.high)}) would have led there; the best of them was better by ${show(regret.gain)}`
    : `none of the ${cut.graced} would have led there (of all that were frozen, up to ${percent(regret.high)} might)`;
  return `Cut at ${plural(cut.units, "unit")}: ${plural(cut.graced, "trial")} went on beyond it. ${ranks}; ${cost}.`
    + (guard.lifted.includes(cut.units) ? " Pruning was no better than chance there, and the cut was lifted." : "");
}

function confirmed() {
  const found = ((experiment.summary || {}).confirm || {}).points;
  if (!found || !found.length) return;
  section("Confirmed on fresh seeds", "The winner of a search owes part of its score to luck; trained again from the start it shows what it is worth.",
    headed(["trial", `mean ${objective.metric}`, "95 % interval", "runs", "values"], ...found.map((entry) => make("tr", {},
      ...[`${experiment.experiment}.${entry.trial}`, show(entry.mean), isNumber(entry.low) ? `${show(entry.low)} to ${show(entry.high)}` : "–", show(entry.values.length), entry.values.map(show).join(", ")].map((text) => make("td", { class: "n" }, text))))));
}

const MOST_ROWS = 200;
const listed = { by: 2, back: false };

function list() {
  const parameters = [...new Set(trials.flatMap((trial) => Object.keys(trial.point)))];
  const columns = [["trial", (t) => t.trial, (t) => `${t.experiment}.${t.trial}`], ["state", (t) => spoilt(t) && !failed(t) ? "diverged" : t.state],
    [objective.metric, (t) => t.score], ["units", (t) => t.units], ...parameters.map((name) => [name, (t) => t.point[name]]),
    ["slot time", (t) => t.slot_seconds, (t) => time(t.slot_seconds)], ["from", (t) => t.source]];
  const body = make("tbody");
  const titles = columns.map(([title], index) => {
    const button = make("button", { type: "button" }, title);
    button.addEventListener("click", () => { Object.assign(listed, { by: index, back: listed.by === index && !listed.back }); fill(); });
    return make("th", {}, button);
  });
  const fill = () => {
    titles.forEach((title, index) => title.setAttribute("aria-sort", index !== listed.by ? "none" : listed.back ? "descending" : "ascending"));
    const value = columns[listed.by][1], turn = (listed.back ? -1 : 1) * (listed.by === 2 && up ? -1 : 1);
    const sorted = [...trials].sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      if (one === null || one === undefined || other === null || other === undefined) return (one === null || one === undefined) - (other === null || other === undefined);
      return turn * (isNumber(one) && isNumber(other) ? one - other : String(one).localeCompare(String(other)));
    });
    body.replaceChildren(...sorted.slice(0, MOST_ROWS).map((trial) => hint(make("tr", { class: trial.trial === leader ? "best" : spoilt(trial) ? "lost" : "" },
      ...columns.map(([, plain, shown]) => shown ? make("td", { class: "n" }, shown(trial)) : cell(plain(trial)))), told(trial), trial.trial)));
  };
  fill();
  section("Trials", (trials.length > MOST_ROWS ? `${MOST_ROWS} of ${show(trials.length)}; all of them: daybreak export ${experiment.experiment}. ` : "") + "Choose a column to sort by it.",
    make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...titles)), body)));
}

function spec() {
  section("The resolved spec", "Every default written out; this is what was run and what is hashed.",
    make("details", {}, make("summary", {}, `blake3 ${experiment.spec_hash}`), make("pre", {}, JSON.stringify(experiment.spec, null, 1))));
}

for (const part of [head, confirmed, against, curves, parallel, importance, timeline, pruned, list, spec]) part();
document.documentElement.dataset.ready = "yes";
