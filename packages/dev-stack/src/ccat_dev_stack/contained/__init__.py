"""The stack in containers: what ``make dev-up BACKEND=compose`` starts."""
