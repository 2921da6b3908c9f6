"""Method ``s3``: to, from and between S3 services.

Between two services the bytes go through this process too: a copy inside a service does not tell what was
copied.
"""

from ccat_data_transfer.movers.streaming import StreamingMover

S3 = StreamingMover("s3", frozenset({("disk", "s3"), ("s3", "disk"), ("s3", "s3")}))
