"""How jobs read S3: what they need of an object store, where data may be, and a store in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol


class ObjectStoreError(Exception):
    """The object store refused. The message names the bucket or the key."""


class AccessDenied(ObjectStoreError):
    """The role may not list the bucket or read the object."""


class NoSuchBucket(ObjectStoreError):
    """There is no bucket of that name."""


class NoSuchKey(ObjectStoreError):
    """There is no object of that key."""


class ObjectStore(Protocol):
    """S3 as seen by a job that has assumed the role it was given."""

    def list(self, bucket: str, prefix: str, *, role_arn: str) -> list[str]:
        """The keys that begin with `prefix`, sorted. Raises AccessDenied and NoSuchBucket."""

    def open(self, bucket: str, key: str, *, role_arn: str) -> BinaryIO:
        """The object's bytes, to be closed by the caller. Raises AccessDenied, NoSuchBucket and NoSuchKey."""

    def put(self, bucket: str, key: str, body: bytes, *, role_arn: str) -> None:
        """Write an object, in place of one that is there. Raises AccessDenied and NoSuchBucket."""


class LocationError(Exception):
    """Data cannot be read from a location. The message is Personalize's."""


@dataclass(frozen=True)
class Location:
    """`s3://bucket/key` names one object; with a slash at the end, the objects directly in that folder."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Location:
        """Raises LocationError for what is no S3 location."""
        scheme, separator, path = text.partition("://")
        bucket, slash, key = path.partition("/")
        if scheme != "s3" or not separator or not bucket or not slash:
            raise LocationError("Invalid Data location.")
        return cls(bucket, key)

    @property
    def is_folder(self) -> bool:
        return not self.key or self.key.endswith("/")

    def keys(self, objects: ObjectStore, *, role_arn: str) -> list[str]:
        """The keys of the files to read, in order. Raises LocationError where there is none or no permission."""
        try:
            listed = objects.list(self.bucket, self.key, role_arn=role_arn)
        except NoSuchBucket as error:
            raise LocationError("Invalid Data location.") from error
        except AccessDenied as error:
            raise LocationError(access_refused(self.bucket)) from error
        keys = sorted(key for key in listed if self._covers(key))
        if not keys:
            raise LocationError("Invalid Data location.")
        return keys

    def _covers(self, key: str) -> bool:
        if not self.is_folder:
            return key == self.key
        name = key.removeprefix(self.key)
        return bool(name) and "/" not in name


class Weighed:
    """An object store that counts what is read through it."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self.bytes_read = 0

    def list(self, bucket: str, prefix: str, *, role_arn: str) -> list[str]:
        return self._objects.list(bucket, prefix, role_arn=role_arn)

    def open(self, bucket: str, key: str, *, role_arn: str) -> BinaryIO:
        """The object's bytes, all of them read at once."""
        with self._objects.open(bucket, key, role_arn=role_arn) as file:
            body = file.read()
        self.bytes_read += len(body)
        return io.BytesIO(body)

    def put(self, bucket: str, key: str, body: bytes, *, role_arn: str) -> None:
        self._objects.put(bucket, key, body, role_arn=role_arn)


def access_refused(bucket: str) -> str:
    """Personalize's words for a bucket that the role or the bucket's policy keeps closed."""
    return (
        "Insufficient privileges for accessing data in S3. Please look at "
        "https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html#attach-bucket-policy "
        f"and fix bucket policy on {bucket}."
    )


class MemoryObjects:
    """Buckets in memory. `readers` maps a bucket to the only roles that may read it; others are open to all."""

    def __init__(
        self, buckets: Mapping[str, Mapping[str, bytes]], *, readers: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        self._buckets = {bucket: dict(objects) for bucket, objects in buckets.items()}
        self._readers = dict(readers or {})

    def store(self, bucket: str, key: str, body: bytes) -> None:
        """Store an object, creating the bucket where there is none."""
        self._buckets.setdefault(bucket, {})[key] = body

    def put(self, bucket: str, key: str, body: bytes, *, role_arn: str) -> None:
        self._readable(bucket, role_arn)[key] = body

    def list(self, bucket: str, prefix: str, *, role_arn: str) -> list[str]:
        return sorted(key for key in self._readable(bucket, role_arn) if key.startswith(prefix))

    def open(self, bucket: str, key: str, *, role_arn: str) -> BinaryIO:
        objects = self._readable(bucket, role_arn)
        if key not in objects:
            raise NoSuchKey(f"there is no object s3://{bucket}/{key}")
        return io.BytesIO(objects[key])

    def _readable(self, bucket: str, role_arn: str) -> dict[str, bytes]:
        if bucket not in self._buckets:
            raise NoSuchBucket(f"there is no bucket {bucket}")
        if role_arn not in self._readers.get(bucket, frozenset({role_arn})):
            raise AccessDenied(f"{role_arn} may not read the bucket {bucket}")
        return self._buckets[bucket]
