"""Training: data sets, recipes, networks and model cards."""
