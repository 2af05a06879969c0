"""The same by MLServer: `mlserver start FOLDER`, which serving.py fills; asked by Open Inference Protocol V2, its own."""

import os

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec


class Digits(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload):
        rows = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32)
        (logits,) = self.session.run(None, {"x": rows})
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        return self.answer(scores)

    def answer(self, scores):
        from mlserver.types import InferenceResponse

        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("digit", scores)])
