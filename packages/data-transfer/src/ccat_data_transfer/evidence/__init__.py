"""Evidence: what was found of copies, and which object it was found of."""
