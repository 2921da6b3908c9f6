"""Sites, locations, routes and retention policies: looked at, taken out of service and back."""
