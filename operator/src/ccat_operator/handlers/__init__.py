"""Where Kubernetes comes in: thin handlers, and the few calls to its API."""
