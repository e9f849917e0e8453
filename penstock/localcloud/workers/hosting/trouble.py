"""What is to go wrong with endpoints, by the faults that were chosen, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from penstock.localcloud.engines.container import trouble
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.hosting.container import ModelContainer
from penstock.localcloud.workers.s3 import S3Address

CORRUPT, UNHEALTHY, KILLED = "corrupt-model", "ping-never-healthy", "endpoint-killed"
_BEFORE_THE_BLOW_SECONDS = 0.05


class HostingTrouble:
    """Asked at each point where a deployment or a request could go wrong; any thread may."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def damage(self, definition: Mapping[str, Any], s3: Any) -> None:
        """If it is due, cut the archive of a container definition in half, in S3 itself."""
        url = definition.get("ModelDataUrl")
        if not url or self._faults.due(CORRUPT) is None:
            return
        address = S3Address.parse(str(url))
        place = {"Bucket": address.bucket, "Key": address.key}
        body = s3.get_object(**place)["Body"].read()
        s3.put_object(**place, Body=body[: len(body) // 2])
        self._faults.happened(CORRUPT, f"{address} lost its second half")

    def limit_seconds(self) -> float | None:
        """How long to wait for a container that will never be healthy; None for a sound one."""
        return self._faults.due(UNHEALTHY)

    @staticmethod
    def unhealthy() -> dict[str, str]:
        """The environment of such a container."""
        return {trouble.VARIABLE: trouble.UNHEALTHY}

    def was_unhealthy(self, seconds: float) -> None:
        """It has not become healthy in that time."""
        detail = f"GET /ping was not answered with 200 for {seconds:g} s"
        self._faults.happened(UNHEALTHY, detail)

    def deployment_failed(self, endpoint: str, is_served: bool, reason: str) -> None:
        """What came of a deployment; `is_served` says whether an older model serves on."""
        stays = "serves on with its old model" if is_served else "is Failed"
        for name in (CORRUPT, UNHEALTHY):
            if self._faults.value(name) is not None:
                self._faults.followed(name, f"endpoint {endpoint} {stays} ({reason})")

    def strike(self, container: ModelContainer, requests: int) -> None:
        """If the container has got its requests, kill it while it has the next one.

        It is held first, so that a request has reached it and has no answer when it dies.
        """
        after = self._faults.value(KILLED)
        if after is None or requests <= after or self._faults.due(KILLED) is None:
            return
        container.hold()
        threading.Timer(_BEFORE_THE_BLOW_SECONDS, container.kill).start()
        self._faults.happened(KILLED, "an endpoint's container was killed while it had a request")

    def no_answer(self) -> None:
        """A request got none."""
        if self._faults.value(KILLED) is not None:
            self._faults.followed(KILLED, "a request failed with ModelError")

    def again(self) -> None:
        """A container that had ended by itself answers again."""
        if self._faults.value(KILLED) is not None:
            self._faults.followed(KILLED, "the container was started again and is healthy")
