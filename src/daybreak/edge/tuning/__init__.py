"""Fine-tuning on the device: the last layer of an ONNX model is fitted to local feedback, everything else keeps its bytes.

The features before the last layer are computed by onnxruntime, the layer is fitted by torch in a process of its own, and what comes of it
is a patch: new bytes for the layer's weights, at their places in the model's file. So the signed model stays as it was, the patch can be
dropped at any time, and that nothing else changed is a fact about bytes.
"""
