"""What ends a job that prepares training data."""


class PrepareError(Exception):
    """Records that cannot become training data; one line that Glue shows as ErrorMessage."""
