"""Leaves the reason in output/failure when a training program gives up."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.opt_ml import OptMl


def report_failures(opt_ml: OptMl) -> None:
    """From now on whatever goes wrong is in the log and output/failure; the exit code is 1."""

    def give_up(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, CustomerError):
            print(f"Customer Error: {error}", flush=True)
            opt_ml.fail(f"Customer Error: {error}")
        else:
            traceback.print_exception(kind, error, trace)
            opt_ml.fail(f"{kind.__name__}: {error}")

    sys.excepthook = give_up
