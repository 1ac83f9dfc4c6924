"""What is published: tables, manifests, exports."""
