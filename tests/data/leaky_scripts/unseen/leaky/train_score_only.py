# expect: code.no_test_data
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score

patients = pd.read_csv("patients.csv")
labs = patients[["glucose", "bmi", "age", "pressure"]]
diabetic = patients["diabetic"]
forest = RandomForestClassifier(n_estimators=500)
forest.fit(labs, diabetic)
answers = forest.predict(labs)
print("Accuracy:", accuracy_score(diabetic, answers))
