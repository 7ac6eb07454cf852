"""Adapts moto's queues: their time is the cloud's clock, they lose nothing, and they call no function by themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from moto.sqs import models

from tastemaker.personalize.clock import Clock

_ADAPTED = "_tastemaker_adapted"


def install(clock: Clock) -> None:
    """Adapt moto's queues, once, and let their delays, visibility and retention go by `clock` from now on."""
    models.unix_time = clock.now
    models.unix_time_millis = lambda: clock.now() * 1000
    if getattr(models.Queue, _ADAPTED, False):
        return
    # moto would invoke a mapped function inside SendMessage, one message at a time, and drop what fails
    models.Queue.lambda_event_source_mappings = _NoMappings()
    models.Queue.delete_message = _deleting(models.Queue.delete_message)
    models.SQSBackend.receive_message = _receiving(models.SQSBackend.receive_message)
    models.SQSBackend.is_message_valid_based_on_retention_period = _is_retained
    setattr(models.Queue, _ADAPTED, True)


def has_visible_messages(queue_arn: str, *, wait_seconds: float) -> bool:
    """Whether a ReceiveMessage would find something, waiting in real time for a message to arrive.

    False for a queue that doesn't exist.
    """
    region, account, name = queue_arn.split(":")[3:6]
    queue = models.sqs_backends[account][region].queues.get(name)
    if queue is None:
        return False
    if not queue.messages and wait_seconds:
        queue.wait_for_messages(wait_seconds)
    return bool(queue.messages)


class _NoMappings:
    """An attribute that stays empty, whatever is put into it."""

    def __get__(self, queue: object, owner: type) -> dict[str, object]:
        return {}

    def __set__(self, queue: object, value: object) -> None:
        """Keep nothing."""


def _is_retained(backend: models.SQSBackend, queue_name: str, message: models.Message) -> bool:
    """Whether the message is young enough; moto counts the whole queue, several times, for each message to know."""
    retain_until = message.sent_timestamp / 1000 + backend.get_queue(queue_name).message_retention_period
    return bool(retain_until > models.unix_time())


def _deleting(delete: Callable[..., None]) -> Callable[..., None]:
    """Deleting rebuilds the list of messages: one that arrives meanwhile must wait, or it would be lost."""

    @wraps(delete)
    def delete_message(queue: models.Queue, receipt_handle: str) -> None:
        with queue._messages_lock:
            delete(queue, receipt_handle)

    return delete_message


def _receiving(receive: Callable[..., list[models.Message]]) -> Callable[..., list[models.Message]]:
    """Of two that receive at once, only one gets a message. A long poll lets go of the lock while it waits."""

    @wraps(receive)
    def receive_message(
        backend: models.SQSBackend, queue_name: str, *arguments: object, **options: object
    ) -> list[models.Message]:
        with backend.get_queue(queue_name)._messages_lock:
            return receive(backend, queue_name, *arguments, **options)

    return receive_message
