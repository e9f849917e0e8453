"""What is raised for a delivery stream's settings that Firehose refuses or that cannot run here."""


class SettingsError(ValueError):
    """One line: which setting, which value, which rule."""
