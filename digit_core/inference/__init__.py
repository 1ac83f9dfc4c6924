"""The trained networks, run by ONNX Runtime."""
