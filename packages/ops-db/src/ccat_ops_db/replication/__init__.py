"""What the databases of several sites have in common and what they send each other."""
