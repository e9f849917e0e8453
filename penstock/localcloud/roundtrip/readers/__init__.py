"""Readers by service, like the handlers in cloudformation/types/."""
