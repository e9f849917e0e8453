"""Pipe mode: one FIFO per epoch of a channel, fed from S3 by ranges that are read ahead."""

from penstock.localcloud.workers.training.pipe.feeder import PipeFeeder
from penstock.localcloud.workers.training.pipe.fifo import PIPE_BYTES
from penstock.localcloud.workers.training.pipe.ranges import CHUNK_BYTES

__all__ = ["CHUNK_BYTES", "PIPE_BYTES", "PipeFeeder"]
