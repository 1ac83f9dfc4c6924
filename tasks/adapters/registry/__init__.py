"""The model registry (MLflow) and its cache."""
