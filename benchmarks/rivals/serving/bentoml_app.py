"""The same by BentoML: `bentoml serve bentoml_app:Digits`, the model in the environment's MODEL."""

import os

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1, traffic={"concurrency": 512})
class Digits:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])

    @bentoml.api(route="/predict")
    async def predict(self, features: list) -> dict:
        (logits,) = self.session.run(None, {"x": np.array([features], np.float32)})
        scores = np.exp(logits[0] - logits[0].max())
        scores /= scores.sum()
        return {"label": str(scores.argmax()), "probabilities": {str(k): float(v) for k, v in enumerate(scores)}}
