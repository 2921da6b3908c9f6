"""Method ``posix``: from a folder to a folder, on the same machine or on a mounted file system."""

from ccat_data_transfer.movers.streaming import StreamingMover

POSIX = StreamingMover("posix", frozenset({("disk", "disk")}))
