# expect: code.test_in_selection
import lightgbm as lgb
import optuna
import pandas as pd
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

table = pd.read_feather("energy.feather")
X_train, X_test, y_train, y_test = train_test_split(table.drop(columns="load"), table["load"], test_size=0.2)


def objective(trial):
    model = lgb.LGBMRegressor(
        num_leaves=trial.suggest_int("num_leaves", 8, 256),
        learning_rate=trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
    )
    model.fit(X_train, y_train)
    return mean_squared_error(y_test, model.predict(X_test))


study = optuna.create_study(direction="minimize")
study.optimize(objective, n_trials=100)
print("test MSE of the best:", study.best_value)
