"""Whether what was deployed is what was asked: templates against what the services say."""
