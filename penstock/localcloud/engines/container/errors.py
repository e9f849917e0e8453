"""What an algorithm blames on its user: data or hyperparameters that it cannot work with."""


class CustomerError(Exception):
    """One line that says what is wrong with the job's input; exit code 1."""
