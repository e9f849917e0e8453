"""FastFile mode: a channel's files are there at once, their bytes come when they are opened."""

from penstock.localcloud.workers.training.fastfile.files import FastFiles
from penstock.localcloud.workers.training.fastfile.lease import LeasesError

__all__ = ["FastFiles", "LeasesError"]
