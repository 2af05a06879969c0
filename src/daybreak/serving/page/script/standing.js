// How the deployment stands, at a glance: drift and the test of versions. What is not there is not shown.

import { ask } from "./ask.js";
import { byId, make, number, percent, reveal, scrolled } from "./dom.js";

const EVERY = 30e3; // milliseconds
const MOST = 4; // alarms

const told = async (path) => {
  try {
    return await (await ask(path)).json();
  } catch {
    return null; // not part of this deployment, or not for this token
  }
};

const MARKS = { ok: "calm", drift: "loud", waiting: "open", "too few rows": "open" };

function drift(standing) {
  const arms = (standing?.arms ?? []).filter((arm) => arm.standing !== "no reference");
  reveal(byId("drift").parentElement, arms.length > 0);
  byId("drift").replaceChildren(...arms.flatMap((arm) => armOf(arm, arms.length > 1)));
}

function armOf(arm, several) {
  const alarms = Object.entries(arm.alarms ?? {}).slice(0, MOST);
  const scores = [
    arm.performance?.says && `Measured: ${arm.performance.says}`,
    arm.estimate?.says && `Estimated: ${arm.estimate.says}`,
  ].filter(Boolean);
  const here =
    arm.open_rows < arm.judged_rows
      ? `${arm.open_rows.toLocaleString("en")} of the ${arm.judged_rows.toLocaleString("en")} rows`
      : "All rows";
  const waits = arm.judged_rows ? `${here} that the next window needs are here.` : "";
  return [
    make("p", { class: `standing ${MARKS[arm.standing] ?? "open"}` }, several ? make("b", {}, `${arm.arm}: `) : null, arm.says),
    alarms.length
      ? make(
          "ul",
          {},
          alarms.map(([name, says]) => make("li", {}, `${name}: ${says}`)),
        )
      : null,
    ...scores.map((says) => make("p", {}, says)),
    waits ? make("p", { class: "hint" }, waits) : null,
  ].filter(Boolean);
}

function test(report) {
  const shown = Boolean(report?.arms?.length);
  reveal(byId("ab").parentElement, shown);
  if (!shown) return;
  const rows = report.arms.map((arm) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, arm.name),
      make("td", {}, `${arm.model} ${arm.version}`),
      make("td", {}, percent(arm.weight)),
      make("td", {}, arm.requests.toLocaleString("en")),
      make("td", {}, arm.seconds === null ? "" : `${number(1e3 * arm.seconds, 3)} ms`),
    ),
  );
  const heads = ["version", "of units", "requests", "answers in"].map((name) => make("th", { scope: "col" }, name));
  const said = [
    ...report.readings.map((one) => one.said),
    report.ratio.said,
    ...report.guards.map((one) => one.said),
    ...report.shadows.map((one) => one.said),
  ];
  byId("ab").replaceChildren(
    make("p", { class: `standing ${report.ratio.blocks ? "loud" : "open"}` }, report.verdict.said),
    scrolled("versions", rows, [make("td"), ...heads]),
    make(
      "ul",
      {},
      said.filter((one) => one && one !== report.verdict.said).map((one) => make("li", {}, one)),
    ),
  );
}

async function look() {
  if (document.hidden) return;
  const [standing, report] = await Promise.all([told("/drift"), told("/ab")]);
  drift(standing);
  test(report);
}

export function watch() {
  look();
  setInterval(look, EVERY);
}
