"""Resource types, one module per service."""
