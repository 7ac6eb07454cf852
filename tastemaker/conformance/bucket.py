"""Where a run puts its files: a folder of its own in a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Files(Protocol):
    """S3 as cases use it."""

    bucket: str

    def put(self, key: str, text: str) -> None: ...

    def texts(self, prefix: str) -> Mapping[str, str]:
        """The objects whose keys begin with `prefix`, by key."""

    def delete(self, prefix: str) -> None: ...


class S3Files:
    """The files of a bucket that exists."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def put(self, key: str, text: str) -> None:
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())

    def texts(self, prefix: str) -> Mapping[str, str]:
        read = self._s3.get_object
        return {key: read(Bucket=self.bucket, Key=key)["Body"].read().decode() for key in self._keys(prefix)}

    def delete(self, prefix: str) -> None:
        for key in self._keys(prefix):
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [listed["Key"] for page in pages for listed in page.get("Contents", ())]
