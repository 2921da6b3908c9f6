"""What a browser gets: the built interface, and the documentation of the API."""
