"""RecordIO-protobuf, the format that SageMaker's built-in algorithms train on (record.proto)."""

from penstock.recordio.dense import write_dense
from penstock.recordio.errors import RecordIOError
from penstock.recordio.frame import count_records
from penstock.recordio.labels import write_labels
from penstock.recordio.reader import Reader
from penstock.recordio.record import write_records
from penstock.recordio.sparse import write_csr
from penstock.recordio.tensor import BytesTensor, Record, Tensor

__all__ = [
    "BytesTensor",
    "Reader",
    "Record",
    "RecordIOError",
    "Tensor",
    "count_records",
    "write_csr",
    "write_dense",
    "write_labels",
    "write_records",
]
