"""New ids."""

from __future__ import annotations

import uuid

from tastemaker.personalize.ids import new_uuid


def test_ids_are_random_uuids_each_another_one() -> None:
    ids = [new_uuid() for _ in range(1000)]

    assert len(set(ids)) == 1000
    for text in ids:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)
