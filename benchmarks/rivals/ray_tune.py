"""Ray Tune with ASHA, 2 CPUs; `reuse` as the first word reuses actors."""

import os
import pathlib
import sys
import tempfile

import ray
from digits_task import ETA, HORIZON, Training, configurations, finish
from ray import tune
from ray.tune.schedulers import ASHAScheduler

REUSE = "reuse" in sys.argv
sys.path.insert(0, str(pathlib.Path(__file__).parent))


class Digits(tune.Trainable):
    def setup(self, config):
        self.training = Training(config["point"])

    def step(self):
        return {"accuracy": self.training.epoch()}

    def reset_config(self, new_config):
        self.training = Training(new_config["point"])
        return True

    def save_checkpoint(self, checkpoint_dir):
        return None

    def load_checkpoint(self, checkpoint):
        return None


folder = tempfile.mkdtemp(prefix="r", dir="/tmp")
here = str(pathlib.Path(__file__).parent)
ray.init(
    address="local", num_cpus=2, include_dashboard=False, _temp_dir=folder, log_to_driver=False,
    runtime_env={"env_vars": {"PYTHONPATH": here, "OMP_NUM_THREADS": "1"}},
)  # fmt: skip
tuner = tune.Tuner(
    tune.with_resources(Digits, {"cpu": 1}),
    param_space={"point": tune.grid_search(configurations())},
    tune_config=tune.TuneConfig(
        metric="accuracy", mode="max", reuse_actors=REUSE,
        scheduler=ASHAScheduler(max_t=HORIZON, grace_period=1, reduction_factor=ETA),
    ),
    run_config=tune.RunConfig(storage_path=folder, verbose=0),
)  # fmt: skip
results = tuner.fit()
frame = results.get_dataframe(filter_metric="accuracy", filter_mode="max")
finish(
    "ray" + ("_reuse" if REUSE else ""),
    float(frame["accuracy"].max()),
    int(results.get_dataframe()["training_iteration"].sum()),
)
memory = sum(
    int(
        next(
            line
            for line in (pathlib.Path("/proc") / pid / "status").read_text().splitlines()
            if line.startswith("VmRSS")
        ).split()[1]
    )
    for pid in os.listdir("/proc")
    if pid.isdigit() and b"ray" in (pathlib.Path("/proc") / pid / "cmdline").read_bytes()
)
print(f'{{"ray_resident_mb": {memory // 1024}}}')
