"""The observatory: telescopes, instruments and their modules."""
