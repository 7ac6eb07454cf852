"""The embedded cloud as commands start it: what can go wrong then is the user's to mend, and said in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tastemaker.cli.errors import CommandError
from tastemaker.cloud.embedded import EmbeddedCloud
from tastemaker.cloud.server import ServerError
from tastemaker.personalize.resource_files import DataDirectoryInUse, ResourcesUnreadable
from tastemaker.personalize.streams import LogUnreadable


@contextmanager
def embedded_cloud(
    *, host: str = "127.0.0.1", port: int, data_dir: Path | None = None, fsync_events: bool = False
) -> Iterator[EmbeddedCloud]:
    """An embedded cloud, running. Raises `CommandError` where the port or the folder is somebody else's."""
    with ExitStack() as running:
        try:
            cloud = running.enter_context(
                EmbeddedCloud(host=host, port=port, data_dir=data_dir, fsync_events=fsync_events)
            )
        except (ServerError, DataDirectoryInUse, ResourcesUnreadable, LogUnreadable) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"the data cannot be kept in {data_dir}: {error}") from error
        yield cloud
