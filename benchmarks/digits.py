"""The digits search, whole process from start to result, against Ray Tune, Syne Tune and Optuna, back to back in one run.

The same 27 configurations, the same data and network, eta 3, R 27, 2 slots (benchmarks/rivals/digits_task.py), and the same rule: a
trial goes on if it is among the best third of those that came to its rung before it. (By promotion, our default, one of 27 trials is
trained to the end instead of two or three: `--method asha`.) Ours is `daybreak run`
in a fresh home: it starts a controller, a warm parent, runs, prints the best. The others run in an environment of their own:

    python3 -m venv .venv-rivals && .venv-rivals/bin/pip install "ray[tune]" syne-tune optuna scikit-learn
    python benchmarks/digits.py [--runs 3] [--only optuna]

Ray is started in a private network namespace where `unshare -n` works, since it rewrites loopback addresses.
"""

import argparse
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

HERE = Path(__file__).parent
RIVALS = Path(os.environ.get("DAYBREAK_RIVALS", ".venv-rivals")) / "bin" / "python"
TARGETS = {"ray": 0.08, "ray_reuse": 0.4, "syne_tune": 0.14, "optuna": 1.0}

TRAIN = """
import sys
sys.path.insert(0, {rivals!r})
import digits_task

def prepare():
    return digits_task.data()

def main(run):
    training = digits_task.Training(dict(run.params), run.prepared)
    run.keep(model=training.model)
    for _ in run.epochs(digits_task.HORIZON):
        run.report(accuracy=training.epoch())
"""


def ours(folder, method):
    """`daybreak run` in a fresh home; (seconds, best, units, facts)."""
    sys.path.insert(0, str(HERE / "rivals"))
    from digits_task import configurations

    home = folder / "home"
    (folder / "train.py").write_text(TRAIN.format(rivals=str(HERE / "rivals")))
    points = "\n".join(f"  - {json.dumps(point)}" for point in configurations())
    (folder / "digits.yaml").write_text(
        "name: digits\nrun: train:main\nspace:\n  lr: {log: [1e-4, 1e-1]}\n  width: {choice: [16, 32, 64, 128]}\n"
        "  alpha: {log: [1e-6, 1e-2]}\n  batch: {choice: [16, 32, 64, 128]}\nobjective: {maximize: accuracy}\n"
        f"search: {{method: {method}, max_units: 27, reduction: 3}}\nbudget: {{trials: 27}}\nbaseline: 0.1\npoints:\n{points}\n"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "daybreak.cli", "run", str(folder / "digits.yaml"), "--home", str(home), "--slots", "2", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads(done.stdout)["experiment"]
    controller = psutil.Process(int((home / "run" / "controller.lock").read_text()))
    memory = controller.memory_info().rss / 2**20
    subprocess.run(
        [sys.executable, "-m", "daybreak.cli", "controller", "shutdown", "--home", str(home)],
        check=False,
        capture_output=True,
    )
    facts = {
        "controller_mb": round(memory),
        "user_share": result["summary"].get("user_share"),
        "attempts": result["summary"]["attempts"],
    }
    return seconds, result["best"]["accuracy"], result["units"], facts


def rival(name):
    """One of the others; (seconds, best, units, facts), or None where it is not installed."""
    script = {
        "ray": ["ray_tune.py"],
        "ray_reuse": ["ray_tune.py", "reuse"],
        "syne_tune": ["syne_tune_asha.py"],
        "optuna": ["optuna_threads.py"],
    }
    words = [str(RIVALS.absolute()), *script[name]]
    if name.startswith("ray"):
        words = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *words]
    with tempfile.TemporaryDirectory() as folder:
        token = Path(folder) / "token"
        token.write_text(secrets.token_hex(16))
        settings = {
            "OMP_NUM_THREADS": "1",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        began = time.perf_counter()
        done = subprocess.run(
            words,
            cwd=HERE / "rivals",
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        seconds = time.perf_counter() - began
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise SystemExit(f"{name} failed:\n{done.stdout[-500:]}\n{done.stderr[-1500:]}")
    facts = {key: value for line in lines[1:] for key, value in line.items()}
    return seconds, lines[0]["best"], lines[0]["units"], facts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--method", default="asha_stopping", help="the others' rule; asha is our default, by promotion")
    parser.add_argument("--only", nargs="*", default=list(TARGETS))
    options = parser.parse_args()
    if not RIVALS.exists():
        print(f"{RIVALS} is missing (see this file's text): ours alone is timed")
        options.only = []
    seen = {name: [] for name in ["daybreak", *options.only]}
    for _ in range(options.runs):
        for name, found in seen.items():
            folder = Path(tempfile.mkdtemp())
            found.append(ours(folder, options.method) if name == "daybreak" else rival(name))
            shutil.rmtree(folder, ignore_errors=True)
    own = statistics.median(run[0] for run in seen["daybreak"])
    best = statistics.median(run[1] for run in seen["daybreak"])
    print(f"{'':12} {'seconds':>8} {'best':>7} {'units':>6} {'ours/its':>9} {'to reach':>9}")
    for name, runs in seen.items():
        seconds, top = statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)
        ratio = (
            ""
            if name == "daybreak"
            else f"{own / seconds:9.3f} {TARGETS[name]:9.2f}{'' if best >= top - 1e-9 else '  (its best is higher)'}"
        )
        print(
            f"{name:12} {seconds:8.2f} {top:7.4f} {statistics.median(run[2] for run in runs):6.0f} {ratio}   {runs[-1][3]}"
        )


if __name__ == "__main__":
    main()
