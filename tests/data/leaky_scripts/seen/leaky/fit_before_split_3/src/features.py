from sklearn.preprocessing import StandardScaler, PowerTransformer
from sklearn.pipeline import Pipeline
class FeatureBuilder:
    def __init__(self, use_power=True):
        steps = [("scale", StandardScaler())]
        if use_power:
            steps.insert(0, ("power", PowerTransformer()))
        self.pipeline = Pipeline(steps)
    def build(self, frame):
        return self.pipeline.fit_transform(frame)
