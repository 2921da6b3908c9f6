"""Celery over Redis: how workers are woken, and nothing more."""

from uuid import UUID

from celery import Celery

from ccat_data_transfer.settings import DataTransferSettings
from ccat_ops_db.enumerations import Operation

TASK = "ccat.work"

PROBE = "ccat.probe"
"""Key that is written to see whether the broker takes anything."""


def make_celery(settings: DataTransferSettings) -> Celery:
    """Return the Celery application with our settings: messages are hints, so they may be lost or doubled."""
    app = Celery("ccat_data_transfer", broker=settings.broker_url.get_secret_value())
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=True,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_connect_timeout": 3,
            "socket_timeout": 10,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "retry_on_timeout": True,
        },
        task_create_missing_queues=True,
        task_publish_retry=False,
    )
    return app


class CeleryMessenger:
    """Sends the messages of the dispatcher through Celery."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, queue: str, operation: Operation, work_id: UUID, lasts: float) -> None:
        """Send one message; raise if the broker does not take it."""
        self._app.send_task(
            TASK, args=[operation.value, str(work_id)], queue=queue, expires=lasts, retry=False
        )

    def probe(self) -> None:
        """See `Messenger.probe`."""
        write_something(self._app)


def write_something(app: Celery) -> None:
    """Write to the broker and take it back: one that only answers, such as a replica, takes no messages.

    Raises
    ------
    Exception
        Whatever its client says.
    """
    with app.connection_for_write() as connection:
        client = connection.default_channel.client
        client.set(PROBE, "1", ex=60)
        client.delete(PROBE)
