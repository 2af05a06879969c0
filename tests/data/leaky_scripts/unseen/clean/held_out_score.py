# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score

patients = pd.read_csv("patients.csv").sample(frac=1, random_state=1)
labs = patients[["glucose", "bmi", "age", "pressure"]]
diabetic = patients["diabetic"]
forest = RandomForestClassifier(n_estimators=500)
forest.fit(labs[:-200], diabetic[:-200])
print("Train accuracy:", accuracy_score(diabetic[:-200], forest.predict(labs[:-200])))
print("Accuracy:", accuracy_score(diabetic[-200:], forest.predict(labs[-200:])))
