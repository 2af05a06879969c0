# expect: nothing
import lightgbm as lgb
import optuna
import pandas as pd
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

table = pd.read_feather("energy.feather")
X_rest, X_test, y_rest, y_test = train_test_split(table.drop(columns="load"), table["load"], test_size=0.2)
X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, test_size=0.25)


def objective(trial):
    model = lgb.LGBMRegressor(num_leaves=trial.suggest_int("num_leaves", 8, 256))
    model.fit(X_train, y_train, eval_set=[(X_val, y_val)], callbacks=[lgb.early_stopping(50)])
    return mean_squared_error(y_val, model.predict(X_val))


study = optuna.create_study(direction="minimize")
study.optimize(objective, n_trials=100)
final = lgb.LGBMRegressor(**study.best_params).fit(X_rest, y_rest)
print("test MSE:", mean_squared_error(y_test, final.predict(X_test)))
