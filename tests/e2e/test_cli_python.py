"""The same from Python: `daybreak.Experiment(...).run()` in a script of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.xdist_group("cli_python")

SCRIPT = """
import daybreak
from toy import main

if __name__ == "__main__":
    seen = []
    experiment = daybreak.Experiment(
        run={run}, name="python", space={{"x": {{"uniform": [0.0, 1.0]}}}}, objective={{"maximize": "value"}},
        search={{"max_units": 3}}, budget={{"trials": 3}}, seed=1, baseline=0.1,
    )
    result = experiment.run(home="home", progress=seen.append)
    print(result)
    print(result.best.score, result.best.point["x"], seen[-1].state, len(result.trials))
"""


@pytest.mark.parametrize("run", ["main", '"toy:main"'])
def test_experiment_object(daybreak, run):
    (daybreak.folder / "search.py").write_text(SCRIPT.format(run=run))
    done = subprocess.run(
        [sys.executable, "search.py"], cwd=daybreak.folder, env=daybreak.environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown, line = done.stdout.splitlines()
    assert shown.startswith("<python #")
    score, x, state, trials = line.split()
    assert (state, trials) == ("done", "3")
    best = daybreak.json("best")
    assert (best["score"], best["point"]["x"]) == (float(score), float(x))


def test_function_of_the_running_script_itself(daybreak):
    (daybreak.folder / "own.py").write_text(
        "import daybreak\n\ndef main(run):\n    for unit in run.epochs(2):\n        run.report(value=run.params.x)\n\n"
        "if __name__ == '__main__':\n    result = daybreak.Experiment(run=main, space={'x': {'uniform': [0, 1]}},\n"
        "        objective={'maximize': 'value'}, search={'max_units': 2}, budget={'trials': 2}).run(home='home')\n"
        "    print(result.experiment.state, result.experiment.spec['run'])\n"
    )
    done = subprocess.run(
        [sys.executable, "own.py"], cwd=daybreak.folder, env=daybreak.environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.stdout == "done own:main\n", done.stderr
