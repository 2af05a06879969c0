# expect: nothing
from sklearn.datasets import fetch_20newsgroups
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

train = fetch_20newsgroups(subset="train")
test = fetch_20newsgroups(subset="test")
model = make_pipeline(CountVectorizer(stop_words="english"), TfidfTransformer(), MultinomialNB())
model.fit(train.data, train.target)
print(model.score(test.data, test.target))
