"""Who asks, and what they may do: tokens, scopes and rate limits."""
