"""Programs that keep the charts and what is made from them together."""
