"""`penstock`, which keeps the policies as deployed beside a run's record of decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.cli import main
from penstock.cli.offline_run import OfflineRun
from tests.iam import documents


class RecordedRun(OfflineRun):
    """An offline run that also keeps policies.json."""

    def _keep(self, client: Callable[[str], Any]) -> None:
        super()._keep(client)
        documents.write(documents.read(client), self.folder / "policies.json")


if __name__ == "__main__":
    main._run_class = lambda on: RecordedRun
    main.main()
