# expect: code.shuffled_series
import yfinance as yf
from sklearn.model_selection import train_test_split
from sklearn.ensemble import RandomForestClassifier
data = yf.download("SPY", start="2010-01-01")
data["target"] = (data["Close"].shift(-1) > data["Close"]).astype(int)
data["ma"] = data["Close"].rolling(10).mean()
data = data.dropna()
X_train, X_test, y_train, y_test = train_test_split(data[["Close", "ma"]], data["target"], test_size=0.2, random_state=1)
print(RandomForestClassifier().fit(X_train, y_train).score(X_test, y_test))
