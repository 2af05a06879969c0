"""The same by Ray Serve: `python ray_app.py MODEL.onnx PORT`. One replica behind one proxy."""

import signal
import sys

import numpy as np
import onnxruntime
from ray import serve


@serve.deployment(num_replicas=1, max_ongoing_requests=512)
class Digits:
    def __init__(self, model):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    async def __call__(self, request):
        features = (await request.json())["features"]
        (logits,) = self.session.run(None, {"x": np.array([features], np.float32)})
        scores = np.exp(logits[0] - logits[0].max())
        scores /= scores.sum()
        return {"label": str(scores.argmax()), "probabilities": {str(k): float(v) for k, v in enumerate(scores)}}


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[2])})
    serve.run(Digits.bind(sys.argv[1]), route_prefix="/predict")
    signal.pause()
