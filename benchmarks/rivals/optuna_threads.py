"""Optuna with its successive-halving pruner, two threads of one process, in memory."""

import optuna
from digits_task import ETA, HORIZON, TRIALS, Training, configurations, data, finish

optuna.logging.set_verbosity(optuna.logging.ERROR)
prepared = data()
units = [0]


def objective(trial):
    config = {
        "lr": trial.suggest_float("lr", 1e-4, 1e-1, log=True),
        "width": trial.suggest_categorical("width", [16, 32, 64, 128]),
        "alpha": trial.suggest_float("alpha", 1e-6, 1e-2, log=True),
        "batch": trial.suggest_categorical("batch", [16, 32, 64, 128]),
    }
    training, best = Training(config, prepared), 0.0
    for unit in range(1, HORIZON + 1):
        accuracy = training.epoch()
        units[0] += 1
        best = max(best, accuracy)
        trial.report(accuracy, unit)
        if trial.should_prune():
            break
    return best


study = optuna.create_study(
    direction="maximize", pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=ETA)
)
for config in configurations():
    study.enqueue_trial(config)
study.optimize(objective, n_trials=TRIALS, n_jobs=2)
finish("optuna", study.best_value, units[0])
