# expect: nothing
import matplotlib.pyplot as plt
from sklearn.cluster import KMeans
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

data = StandardScaler().fit_transform(load_wine().data)
labels = KMeans(n_clusters=3).fit_predict(data)
print(silhouette_score(data, labels))
plane = PCA(2).fit_transform(data)
plt.scatter(plane[:, 0], plane[:, 1], c=labels)
