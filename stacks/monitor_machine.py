"""The monitor's state machine: compares captured requests with the served model's baseline."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Monitor
from stacks.baseline import baseline_uri
from stacks.cron_hours import cron_hours
from stacks.described_package import describe_packages, described_package
from stacks.failure_alert import failure_alert, refusal, send_alerts
from stacks.glue_run import glue_run, run_job
from stacks.machine_schedule import SCHEDULED_TIME, MachineSchedule
from stacks.names import CAPTURE_PREFIX, REPORTS_PREFIX, Names
from stacks.permission import Permission, allow
from stacks.policies import model_parameter_arn, read_objects
from stacks.sdk_call import sdk_call
from stacks.serving import NO_MODEL
from stacks.state_machine import LoggedStateMachine

CHECK = "States.Hash($$.Execution.Id, 'MD5')"
MINUTE = 20  # of the hour: capture files arrive some minutes after the requests
SLACK_MINUTES = 60  # waiting for capacity and retries, on top of the job's own limit


class MonitorMachine(Construct):
    """Input: {"scheduled_time": ...} from the schedule, or {"window_start", "window_end"}.

    Times are ISO 8601 in UTC. A successful execution's output: the fields of the job's
    summary.json and report_uri; without a served model there is nothing to compare with.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        monitor: Monitor,
        job: glue.IJob,
        lake: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.state_machine = LoggedStateMachine(
            self,
            "Workflow",
            log_group_name=f"{names.prefix}-monitor",
            description="Compares captured requests with the baseline of the served model",
            start=self._build_states(
                names=names, monitor=monitor, job=job, lake=lake, alerts=alerts
            ),
            permissions=self._permissions(names=names, job=job, lake=lake, alerts=alerts, key=key),
            timeout=Duration.minutes(monitor.timeout_minutes + SLACK_MINUTES),
            key=key,
            log_retention_days=log_retention_days,
        )
        MachineSchedule(
            self,
            "Schedule",
            name=names.monitor_schedule,
            description="Checks the requests of the last hours",
            expression=check_times(monitor.every_hours),
            machine=self.state_machine.machine,
            machine_input={"scheduled_time": SCHEDULED_TIME},
            state="ENABLED",
            key=key,
        )

    def _build_states(
        self,
        *,
        names: Names,
        monitor: Monitor,
        job: glue.IJob,
        lake: s3.IBucket,
        alerts: sns.ITopic,
    ) -> sfn.IChainable:
        failed = failure_alert(
            self,
            subject=f"{names.endpoint}: requests could not be checked",
            error="MonitorFailed",
            alerts=alerts,
        )
        read_model = sdk_call(
            self,
            "ReadModel",
            "ssm:getParameter",
            {"Name": names.model_package_parameter},
            result_path="$.model",
            result_selector={"package_arn.$": "$.Parameter.Value"},
        )
        compare = self._build_compare(names=names, monitor=monitor, job=job, lake=lake)
        read_summary = sdk_call(
            self,
            "ReadSummary",
            "s3:getObject",
            {
                "Bucket": lake.bucket_name,
                "Key.$": f"States.Format('{REPORTS_PREFIX}{{}}/summary.json', {CHECK})",
            },
            result_path="$.read",
            result_selector={"summary.$": "States.StringToJson($.Body)"},
        )
        summarize = sfn.Pass(
            self,
            "Summarize",
            state_name="Summarize",
            parameters={"output.$": "States.JsonMerge($.read.summary, $.check, false)"},
            output_path="$.output",
        )
        for state in (read_model, compare, read_summary):
            state.add_catch(failed, errors=["States.ALL"], result_path="$.error")
        compare.next(read_summary).next(summarize).next(self._build_judge(failed))
        described = described_package(
            self,
            package_arn="$.model.package_arn",
            then=self._build_window(compare=compare, failed=failed),
            failed=failed,
        )
        return read_model.next(
            sfn.Choice(self, "IsServed", state_name="IsServed")
            .when(
                sfn.Condition.string_equals("$.model.package_arn", NO_MODEL),
                sfn.Succeed(self, "NoModel", state_name="NoModel"),
            )
            .otherwise(described)
        )

    def _build_window(self, *, compare: sfn.IChainable, failed: sfn.IChainable) -> sfn.Choice:
        """Both ways of asking end in the job's two arguments."""
        scheduled = sfn.Pass(
            self,
            "ScheduledWindow",
            state_name="ScheduledWindow",
            parameters={"start": "auto", "end.$": "$.scheduled_time"},
            result_path="$.window",
        )
        given = sfn.Pass(
            self,
            "GivenWindow",
            state_name="GivenWindow",
            parameters={"start.$": "$.window_start", "end.$": "$.window_end"},
            result_path="$.window",
        )
        scheduled.next(compare)
        given.next(compare)
        return (
            sfn.Choice(self, "Window", state_name="Window")
            .when(sfn.Condition.is_present("$.scheduled_time"), scheduled)
            .when(
                sfn.Condition.and_(
                    sfn.Condition.is_present("$.window_start"),
                    sfn.Condition.is_present("$.window_end"),
                ),
                given,
            )
            .otherwise(
                refusal(
                    self,
                    "WindowMissing",
                    cause="the input names no window: give scheduled_time, or window_start and "
                    "window_end",
                    failed=failed,
                )
            )
        )

    def _build_compare(
        self, *, names: Names, monitor: Monitor, job: glue.IJob, lake: s3.IBucket
    ) -> sfn.CustomState:
        report_uri = f"States.Format('{lake.s3_url_for_object(REPORTS_PREFIX)}{{}}/', {CHECK})"
        return glue_run(
            self,
            "Compare",
            job=job,
            arguments={
                "--purpose": "check",
                "--capture_uri": lake.s3_url_for_object(f"{CAPTURE_PREFIX}{names.endpoint}/"),
                "--baseline_uri.$": baseline_uri(lake),
                "--report_uri.$": report_uri,
                "--window_start.$": "$.window.start",
                "--window_end.$": "$.window.end",
                "--window_hours": str(monitor.every_hours),
                "--endpoint_name": names.endpoint,
                "--schedule_name": names.monitor_schedule,
            },
            result={"report_uri.$": report_uri},
            result_path="$.check",
        )

    def _build_judge(self, failed: sfn.IChainable) -> sfn.Choice:
        judge = sfn.Choice(self, "Judge", state_name="Judge")
        for status in ("Completed", "CompletedWithViolations"):
            judge.when(
                sfn.Condition.string_equals("$.exit_status", status),
                sfn.Succeed(self, status, state_name=status),
            )
        return judge.otherwise(
            refusal(
                self,
                "StatusUnknown",
                cause="the report's exit_status is neither Completed nor CompletedWithViolations",
                failed=failed,
            )
        )

    def _permissions(
        self,
        *,
        names: Names,
        job: glue.IJob,
        lake: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
    ) -> list[Permission]:
        return [
            allow(["ssm:GetParameter"], [model_parameter_arn(Stack.of(self), names)]),
            describe_packages(self, names),
            run_job(job),
            read_objects(lake, [REPORTS_PREFIX]),
            *send_alerts(alerts, key),
        ]


def check_times(every_hours: int) -> str:
    """The cron expression of every n hours from midnight UTC on."""
    return f"cron({MINUTE} {cron_hours(every_hours)} * * ? *)"
