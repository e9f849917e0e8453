"""`penstock`, which keeps the policies as deployed beside a run's record of decisions."""

from __future__ import annotations

import json
from typing import Any

from penstock.cli import main
from penstock.cli.offline_run import DECISIONS_FILE, OfflineRun
from penstock.localcloud.context import CloudContext
from tests.iam import documents

# in which every schedule of the pipeline is due
HOURS = {"digits": 1, "anomaly": 24, "reviews": 1}
# of a machine's name: an input that it cannot go on with, which it tells the alerts topic
NONSENSE: dict[str, dict[str, Any]] = {
    "MonitorWorkflow": {},
    "DeploymentWorkflow": {"detail": {"ModelPackageArn": "GROUP/999"}},
    "RetrainWorkflow": {"cause": "none"},
}


class RecordedRun(OfflineRun):
    """An offline run that also does what a good run has no occasion for, and keeps policies.json.

    Machines that alert fail once, and time passes until every schedule was due.
    """

    def _keep(self, context: CloudContext) -> None:
        states = context.clients.deployer("stepfunctions")
        machines = {
            machine["name"]: machine["stateMachineArn"]
            for machine in states.list_state_machines()["stateMachines"]
        }
        (group,) = context.clients.deployer("sagemaker").list_model_package_groups()[
            "ModelPackageGroupSummaryList"
        ]
        packages = group["ModelPackageGroupArn"].replace(":model-package-group/", ":model-package/")
        for name, arn in machines.items():
            for part, nonsense in NONSENSE.items():
                told = json.dumps(nonsense).replace("GROUP", packages)
                if part in name:
                    states.start_execution(stateMachineArn=arn, input=told)
        self._finish(context, machines.values())
        context.clock.sleep(3600 * HOURS[self.pipeline])
        self._finish(context, machines.values())
        context.authorization.write(self.folder / DECISIONS_FILE)
        documents.write(documents.read(context.clients.deployer), self.folder / "policies.json")
        super()._keep(context)

    @staticmethod
    def _finish(context: CloudContext, machines: Any) -> None:
        states = context.clients.deployer("stepfunctions")
        for arn in machines:
            while states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
                context.clock.sleep(1)


if __name__ == "__main__":
    main._run_class = lambda on: RecordedRun
    main.main()
