"""Stands in for framework images: runs the scripts that their users bring, as the toolkits do."""
