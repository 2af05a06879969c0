"""Syne Tune with ASHA on its local backend, 2 workers."""

import logging
import pathlib

from digits_task import ETA, HORIZON, TRIALS, configurations, finish
from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend import LocalBackend
from syne_tune.config_space import choice, loguniform
from syne_tune.optimizer.baselines import ASHA

logging.getLogger().setLevel(logging.ERROR)
space = {
    "lr": loguniform(1e-4, 1e-1),
    "width": choice([16, 32, 64, 128]),
    "alpha": loguniform(1e-6, 1e-2),
    "batch": choice([16, 32, 64, 128]),
    "epochs": HORIZON,
}
backend = LocalBackend(entry_point=str(pathlib.Path(__file__).parent / "syne_tune_script.py"))
scheduler = ASHA(
    space, metric="accuracy", do_minimize=False, time_attr="epoch", max_t=HORIZON, reduction_factor=ETA, grace_period=1,
    points_to_evaluate=configurations(),
)  # fmt: skip
tuner = Tuner(
    trial_backend=backend, scheduler=scheduler, n_workers=2, sleep_time=0.1, print_update_interval=1e9,
    stop_criterion=StoppingCriterion(max_num_trials_started=TRIALS), save_tuner=False,
)  # fmt: skip
tuner.run()
statistics = tuner.tuning_status
metrics = statistics.trial_metric_statistics.values()
best = max(m.max_metrics["accuracy"] for m in metrics if "accuracy" in m.max_metrics)
finish("syne_tune", float(best), int(sum(m.max_metrics.get("epoch", 0) for m in metrics)))
