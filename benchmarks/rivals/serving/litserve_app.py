"""The same by LitServe: `python litserve_app.py MODEL.onnx PORT`. Its batching on: 64 rows, a wait of a millisecond."""

import sys

import litserve
import numpy as np
import onnxruntime


class Digits(litserve.LitAPI):
    def setup(self, device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])

    def decode_request(self, request):
        return np.array(request["features"], np.float32)

    def batch(self, inputs):
        return np.stack(inputs)

    def predict(self, rows):
        (logits,) = self.session.run(None, {"x": rows})
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)

    def unbatch(self, output):
        return list(output)

    def encode_response(self, scores):
        return {"label": str(scores.argmax()), "probabilities": {str(k): float(v) for k, v in enumerate(scores)}}


if __name__ == "__main__":
    api = Digits(max_batch_size=64, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, generate_client_file=False, log_level="warning"
    )
