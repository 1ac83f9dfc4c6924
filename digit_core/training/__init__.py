"""Data sets, recipes, training and model cards."""
