"""Writes what a delivery stream has buffered to S3, and tries again for a day what fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.firehose.catalog import catalog_of, read_table
from penstock.localcloud.workers.firehose.conversion import INVALID_SCHEMA, Converted, Converter
from penstock.localcloud.workers.firehose.errors import (
    CONVERSION_FAILED,
    PROCESSING_FAILED,
    Catalog,
    conversion_failed,
    processing_failed,
)
from penstock.localcloud.workers.firehose.misfit import with_misfits
from penstock.localcloud.workers.firehose.objects import (
    S3Object,
    data_object,
    error_object,
    put,
)
from penstock.localcloud.workers.firehose.records import (
    Account,
    FailedRecord,
    OutputRecord,
    SourceRecord,
)
from penstock.localcloud.workers.firehose.refusal import SettingsError
from penstock.localcloud.workers.firehose.reporting import Reporting
from penstock.localcloud.workers.firehose.settings import Conversion, StreamSettings

RETRY_FIRST_SECONDS = 5.0
RETRY_LONGEST_SECONDS = 3600.0
GIVE_UP_AFTER = timedelta(hours=24)  # developer guide: S3 delivery is retried up to 24 hours


class Delivery:
    """Belongs to the stream's thread; `command` has something run there later.

    `settings` are the stream's current ones. What becomes of each record goes into `account`.
    """

    def __init__(
        self,
        context: CloudContext,
        settings: StreamSettings,
        *,
        account: Account,
        reporting: Reporting,
        command: Callable[[Callable[[], None]], None],
    ) -> None:
        self.settings = settings
        self._context = context
        self._account = account
        self._reporting = reporting
        self._command = command
        self._retries: list[S3Object] = []

    def data(self, records: list[OutputRecord]) -> None:
        """Records of one partition, as they are or converted."""
        if self.settings.conversion is not None:
            self._deliver_converted(records, self.settings.conversion)
            return
        self._deliver_data(records, b"".join(record.data for record in records))

    def failures(self, failures: list[FailedRecord]) -> None:
        """Records that the transform did not process, as error lines."""
        assert self.settings.processor is not None
        function_arn = self.settings.processor.function_arn
        self._put(
            error_object(
                self.settings,
                error_type=PROCESSING_FAILED,
                body=b"".join(processing_failed(failed, function_arn) for failed in failures),
                arrival=min(failed.source.arrival for failed in failures),
                records=len(failures),
                counts_as="failed_transform",
            )
        )

    def backup(self, records: list[SourceRecord]) -> None:
        """Records as they came from the source."""
        assert self.settings.backup is not None
        self._put(
            data_object(
                self.settings,
                self.settings.backup,
                body=b"".join(record.data for record in records),
                arrival=min(record.arrival for record in records),
                records=len(records),
                keys={},
                counts_as="backup",
            )
        )

    def last_try(self) -> None:
        """Try once more what could not be written; nothing is tried again after that."""
        for item in self._retries:
            self._put(item, last=True)

    def _deliver_data(self, records: list[OutputRecord], body: bytes) -> None:
        try:
            item = data_object(
                self.settings,
                self.settings.target,
                body=body,
                arrival=min(record.arrival for record in records),
                records=len(records),
                keys=dict(records[0].keys),
            )
        except SettingsError as error:  # partition keys can make a prefix too long
            self._reporting.error(self.settings, "S3.InvalidPrefix", str(error))
            self._account.lost += len(records)
            return
        item.metrics = {
            "DeliveryToS3__Records": len(records),
            "DeliveryToS3__Bytes": sum(len(record.data) for record in records),
        }
        self._put(item)

    def _deliver_converted(self, records: list[OutputRecord], conversion: Conversion) -> None:
        records = with_misfits(self._context.faults, records, self.settings.arn)
        converted, catalog = self._convert(records, conversion)
        if converted.failed:
            self._deliver_misfits(records, converted, conversion, catalog)
        good = [records[index] for index in converted.records]
        if good:
            self._reporting.count(
                SucceedConversion__Records=len(good),
                SucceedConversion__Bytes=sum(len(record.data) for record in good),
            )
            self._deliver_data(good, converted.parquet)

    def _convert(
        self, records: list[OutputRecord], conversion: Conversion
    ) -> tuple[Converted, Catalog]:
        glue = self._context.clients.for_role(
            conversion.role_arn, "glue", by="firehose.amazonaws.com", source_arn=self.settings.arn
        )
        try:
            columns, catalog = read_table(glue, self.settings, conversion)
            converter = Converter(columns, conversion)
        except (ClientError, BotoCoreError, SettingsError) as error:
            message = f"The schema is invalid: {error}"
            self._reporting.error(self.settings, INVALID_SCHEMA, message)
            failed = [(index, INVALID_SCHEMA, message) for index in range(len(records))]
            catalog = catalog_of(self.settings, conversion, conversion.version_id)
            return Converted(b"", 0, failed=failed), catalog
        return converter.convert([record.data for record in records]), catalog

    def _deliver_misfits(
        self,
        records: list[OutputRecord],
        converted: Converted,
        conversion: Conversion,
        catalog: Catalog,
    ) -> None:
        ended_ms = int(self._context.clock.now().timestamp() * 1000)
        lines = []
        for index, code, message in converted.failed:
            record = records[index]
            source = SourceRecord(
                record.record_id, record.data, record.arrival, record.sequence_number
            )
            failed = FailedRecord(source, code, message, 1, ended_ms)
            lines.append(conversion_failed(failed, record.data, conversion, catalog))
            self._context.faults.came_of(
                [(self.settings.arn, record.record_id)],
                f"record below {CONVERSION_FAILED} as {code}",
            )
        misfits = [records[index] for index, _, _ in converted.failed]
        self._reporting.count(
            FailedConversion__Records=len(misfits),
            FailedConversion__Bytes=sum(len(record.data) for record in misfits),
        )
        self._put(
            error_object(
                self.settings,
                error_type=CONVERSION_FAILED,
                body=b"".join(lines),
                arrival=min(record.arrival for record in misfits),
                records=len(misfits),
                counts_as="failed_conversion",
            )
        )

    def _put(self, item: S3Object, *, last: bool = False) -> None:
        """Write an object and settle the account, or try again later, up to 24 hours."""
        now = self._context.clock.now()
        item.first_tried = item.first_tried or now
        item.tries += 1
        try:
            put(
                self._context.clients.for_role(
                    item.target.role_arn,
                    "s3",
                    by="firehose.amazonaws.com",
                    source_arn=self.settings.arn,
                ),
                item,
            )
        except (ClientError, BotoCoreError) as error:
            self._report_put_error(error)
            if last:
                return
            if now - item.first_tried >= GIVE_UP_AFTER:
                self._settle(item, "lost")
                return
            self._retry_later(item)
            return
        self._reporting.count(DeliveryToS3__Success=1, **item.metrics)
        self._settle(item, item.counts_as)

    def _settle(self, item: S3Object, counts_as: str) -> None:
        if item.counts_as != "backup":
            setattr(self._account, counts_as, getattr(self._account, counts_as) + item.records)
        self._reporting.publish(self.settings)

    def _retry_later(self, item: S3Object) -> None:
        self._retries.append(item)

        def again() -> None:
            if item in self._retries:
                self._retries.remove(item)
                self._put(item)

        wait = min(RETRY_FIRST_SECONDS * 2 ** (item.tries - 1), RETRY_LONGEST_SECONDS)
        self._context.clock.call_later(wait, lambda: self._command(again))

    def _report_put_error(self, error: Exception) -> None:
        self._reporting.count(DeliveryToS3__Success=0)
        if isinstance(error, ClientError):
            code = f"S3.{error.response['Error']['Code']}"
            message = error.response["Error"].get("Message", "")
        else:
            code, message = "InternalError", str(error)
        self._reporting.error(self.settings, code, message)
