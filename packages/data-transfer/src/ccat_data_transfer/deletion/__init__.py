"""The rule of deletion: what is proven, and how much is freed."""
