"""The Open Inference Protocol V2 (KServe, Triton): tensors by name, as JSON or binary; what HTTP and gRPC share."""
