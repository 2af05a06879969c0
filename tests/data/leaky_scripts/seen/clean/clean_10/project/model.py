from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
def build(C=1.0):
    return make_pipeline(StandardScaler(), SVC(C=C))
