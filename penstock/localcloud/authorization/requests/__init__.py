"""From an API request to what it needs: actions, resources, condition keys; a file per service."""
