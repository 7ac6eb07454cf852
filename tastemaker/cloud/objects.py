"""S3 as the jobs of the embedded Personalize use it: over the endpoint, as the role that they were given."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError

from tastemaker.cloud.clients import Clients
from tastemaker.cloud.identity import Identities
from tastemaker.personalize.objects import AccessDenied, NoSuchBucket, NoSuchKey, ObjectStoreError

_READ_AHEAD = 1 << 20
_ERRORS: dict[str, type[ObjectStoreError]] = {
    "403": AccessDenied,
    "AccessDenied": AccessDenied,
    "NoSuchBucket": NoSuchBucket,
    "404": NoSuchKey,
    "NoSuchKey": NoSuchKey,
}


class S3Objects:
    """An `ObjectStore` whose every use is a call of the given role, and is recorded as such."""

    def __init__(self, clients: Clients, identities: Identities) -> None:
        self._clients = clients
        self._identities = identities

    def list(self, bucket: str, prefix: str, *, role_arn: str) -> list[str]:
        """The keys that begin with `prefix`, sorted. Raises AccessDenied and NoSuchBucket."""
        pages = self._s3(role_arn).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with _store_errors(f"s3://{bucket}/{prefix}", role_arn):
            return sorted(listed["Key"] for page in pages for listed in page.get("Contents", ()))

    def open(self, bucket: str, key: str, *, role_arn: str) -> BinaryIO:
        """The object's bytes as they arrive, to be closed by the caller. Raises AccessDenied, NoSuchBucket and
        NoSuchKey."""
        with _store_errors(f"s3://{bucket}/{key}", role_arn):
            body = self._s3(role_arn).get_object(Bucket=bucket, Key=key)["Body"]
        return cast(BinaryIO, io.BufferedReader(_Body(body), _READ_AHEAD))

    def put(self, bucket: str, key: str, body: bytes, *, role_arn: str) -> None:
        """Write an object. Raises AccessDenied and NoSuchBucket."""
        with _store_errors(f"s3://{bucket}/{key}", role_arn, verb="write"):
            self._s3(role_arn).put_object(Bucket=bucket, Key=key, Body=body)

    def _s3(self, role_arn: str) -> Any:
        return self._clients.client("s3", self._identities.credentials_for(role_arn))


class _Body(io.RawIOBase):
    """botocore's streaming body as a raw stream, which readers of files can be laid upon."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk: bytes = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


@contextmanager
def _store_errors(location: str, role_arn: str, *, verb: str = "read") -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        refusal = _ERRORS.get(code, ObjectStoreError)
        raise refusal(f"{role_arn} cannot {verb} {location}: {error}") from error
