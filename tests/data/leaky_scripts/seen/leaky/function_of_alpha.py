# expect: code.test_in_selection
from sklearn.model_selection import train_test_split
from sklearn.metrics import mean_squared_error
from sklearn.linear_model import Ridge
import pandas as pd
df = pd.read_csv("d.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop("y", axis=1), df["y"])
def evaluate(alpha):
    m = Ridge(alpha=alpha).fit(X_train, y_train)
    return mean_squared_error(y_test, m.predict(X_test))
alphas = [0.1, 1, 10]
results = {a: evaluate(a) for a in alphas}
best_alpha = min(results, key=results.get)
print(best_alpha, results[best_alpha])
