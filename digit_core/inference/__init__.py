"""Inference: the trained networks, run by ONNX Runtime."""
