"""Who may do what: policies as IAM has them, and their enforcement on every call."""
