"""What an image's program does wrong when the local cloud's faults ask for it.

The program itself misbehaves, so what the platform sees is real: an exit code with its failure
file, a death by SIGKILL, a program that never ends, a container that never says it is healthy.
"""

from __future__ import annotations

import os
import signal
import time

VARIABLE = "PENSTOCK_TROUBLE"
EXITS, KILLED, HANGS, UNHEALTHY = "exits", "killed", "hangs", "unhealthy"
_NAP_SECONDS = 0.5


class TroubleError(Exception):
    """The program gives up in the middle of its work."""


def in_the_middle_of_training() -> None:
    """To be called once a training has read its data for the first time."""
    asked = os.environ.get(VARIABLE)
    if asked == EXITS:
        raise TroubleError("the training gave up after its first epoch, as the fault asks for")
    if asked == KILLED:
        # nobody gets to clean up, as when the kernel runs out of memory
        os.kill(os.getpid(), signal.SIGKILL)
    while asked == HANGS:
        time.sleep(_NAP_SECONDS)


def is_unhealthy() -> bool:
    """Whether GET /ping must never be answered with 200."""
    return os.environ.get(VARIABLE) == UNHEALTHY
