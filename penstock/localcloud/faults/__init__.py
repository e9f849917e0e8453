"""Faults that a run can be given on purpose: when they are due, and what came of them."""
