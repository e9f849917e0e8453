"""The reference pipelines: one file each, found by pipelines.registry."""
