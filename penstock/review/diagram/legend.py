"""What the lines and boxes of the diagram mean, in words."""

from __future__ import annotations

LEGEND = (
    "From the top to the bottom as data goes. Solid blue: data, to the head of the arrow. Dashed "
    "grey: starts or asks. Dotted orange: tells of something. A dashed box is a job that a state "
    "machine starts. Roles, policies and logs are not drawn."
)
