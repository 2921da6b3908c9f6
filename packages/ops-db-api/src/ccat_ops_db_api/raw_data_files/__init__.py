"""Raw data files: filed one by one or in bulk, and looked at."""
