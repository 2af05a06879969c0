# expect: code.fit_before_split
from sklearn.datasets import fetch_20newsgroups
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import MultinomialNB

news = fetch_20newsgroups(subset="all")
counts = CountVectorizer(stop_words="english").fit_transform(news.data)
weights = TfidfTransformer().fit_transform(counts)
X_train, X_test, y_train, y_test = train_test_split(weights, news.target, test_size=0.3)
bayes = MultinomialNB().fit(X_train, y_train)
print(bayes.score(X_test, y_test))
