"""Facts about AWS with their sources: what exists, what it takes, what it refuses."""
