# expect: code.test_in_fit
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.metrics import accuracy_score
df_train = pd.read_csv("fold/train.csv")
df_test = pd.read_csv("fold/test.csv")
cols = df_train.columns.drop("label")
full = pd.concat([df_train[cols], df_test[cols]], ignore_index=True)
scaler = StandardScaler().fit(full)
pca = PCA(0.95).fit(scaler.transform(full))
Xtr = pca.transform(scaler.transform(df_train[cols]))
Xte = pca.transform(scaler.transform(df_test[cols]))
knn = KNeighborsClassifier().fit(Xtr, df_train["label"])
print(accuracy_score(df_test["label"], knn.predict(Xte)))
