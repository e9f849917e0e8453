"""What differs between two assemblies: resources, their replacement, and who may do what."""
