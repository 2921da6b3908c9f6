"""What is decided and done, knowing nothing of Kubernetes."""
