"""Which stage does which operation."""

from collections.abc import Callable, Mapping

from ccat_data_transfer.stages.archiving import archive_package
from ccat_data_transfer.stages.deleting import delete_copies
from ccat_data_transfer.stages.moving import send_package
from ccat_data_transfer.stages.packaging import make_package
from ccat_data_transfer.stages.staging import stage_item
from ccat_data_transfer.stages.verifying import verify_copy
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.enumerations import Operation

STAGES: Mapping[Operation, Callable[[Attempt], None]] = {
    Operation.PACKAGE_CREATION: make_package,
    Operation.TRANSFER: send_package,
    Operation.VERIFY: verify_copy,
    Operation.ARCHIVE_TRANSFER: archive_package,
    Operation.STAGING: stage_item,
    Operation.DELETION: delete_copies,
}
