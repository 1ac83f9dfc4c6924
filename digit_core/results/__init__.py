"""Published tables, manifests and exports."""
