"""Result tables and manifests in a destination."""
