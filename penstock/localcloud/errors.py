"""What the local cloud raises when it cannot go on: one line that says why and what to do."""


class LocalCloudError(Exception):
    """A problem that the user can act on; its text is one line without a traceback."""
