# expect: nothing
from datasets import load_dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
ds = load_dataset("ag_news")
vec = TfidfVectorizer().fit(ds["train"]["text"])
m = LogisticRegression().fit(vec.transform(ds["train"]["text"]), ds["train"]["label"])
print(m.score(vec.transform(ds["test"]["text"]), ds["test"]["label"]))
