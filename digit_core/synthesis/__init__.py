"""Writes handwriting and pages whose truth is known."""
