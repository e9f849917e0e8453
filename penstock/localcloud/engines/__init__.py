"""Stand-ins for container images: programs of their own behind the published contracts."""
