"""What happens to data when its stack goes: kept, unless two keys say otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import RemovalPolicy

from pipelines.spec import Environment


@dataclass(frozen=True)
class Removal:
    """Data is deleted only if the environment is removable and the app allows removal too."""

    deletes_data: bool

    @classmethod
    def of(cls, environment: Environment, *, allowed: bool) -> Removal:
        """Both keys together: `removable` of the environment and `-c allow_data_removal=true`."""
        return cls(deletes_data=environment.removable and allowed)

    @property
    def policy(self) -> RemovalPolicy:
        """The policy of everything that holds data."""
        return RemovalPolicy.DESTROY if self.deletes_data else RemovalPolicy.RETAIN
