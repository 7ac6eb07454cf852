"""The embedded Personalize in this process as an endpoint of the suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final

from tastemaker.conformance.endpoint import CLIENT_CONFIG, Endpoint
from tastemaker.conformance.waiting import LOCAL
from tastemaker.conformance.world import QUOTAS, World
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.quotas import Quotas
from tastemaker.personalize.service import Personalize

ROLE: Final = "arn:aws:iam::123456789012:role/conformance"


class MemoryFiles:
    """The files of the embedded Personalize's own objects."""

    bucket = "conformance"

    def __init__(self, objects: MemoryObjects) -> None:
        self._objects = objects
        objects.store(self.bucket, "a-file-of-somebody-else", b"")

    def put(self, key: str, text: str) -> None:
        self._objects.store(self.bucket, key, text.encode())

    def texts(self, prefix: str) -> Mapping[str, str]:
        return {key: self._text(key) for key in self._objects.list(self.bucket, prefix, role_arn=ROLE)}

    def delete(self, prefix: str) -> None:
        """They are gone with the process."""

    def _text(self, key: str) -> str:
        with self._objects.open(self.bucket, key, role_arn=ROLE) as opened:
            return opened.read().decode()


@contextmanager
def embedded_world() -> Iterator[World]:
    """A world at an embedded Personalize of its own, whose quotas are low where each of them is a training."""
    low = Quotas(solution_versions=2, filters=6, batch_inference_jobs=2, batch_segment_jobs=2, recommenders=2)
    few = {"SolutionVersion": 2, "Filter": 6, "BatchInferenceJob": 2, "BatchSegmentJob": 2, "Recommender": 2}
    objects = MemoryObjects({})
    with closing(Personalize(objects=objects, quotas=low)) as personalize:
        yield world_at(personalize, objects, quotas={**QUOTAS, **few})


def world_at(personalize: Personalize, objects: MemoryObjects, *, quotas: Mapping[str, int] = QUOTAS) -> World:
    """A world at an embedded Personalize that reads and writes `objects`."""
    clients = {
        "personalize": client(personalize, "personalize", config=CLIENT_CONFIG),
        "personalize-runtime": client(personalize, "personalize-runtime", config=CLIENT_CONFIG),
        "personalize-events": client(personalize, "personalize-events", config=CLIENT_CONFIG),
    }
    return World(Endpoint(clients), MemoryFiles(objects), ROLE, "conformance", LOCAL, quotas)
