"""A file in S3 written as it comes: one part in memory, no more, and nothing at all where nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdas.common.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# S3 takes 10,000 parts of at least 5 MiB
PART_BYTES: Final = 8 * 1024 * 1024


class Upload:
    """Collects lines and sends them by parts; small files go in one piece. `close` makes the file appear.

    `header` is written before the first line.
    """

    def __init__(
        self, s3: S3Client, *, bucket: str, key: str, header: str | None = None, part_bytes: int = PART_BYTES
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self.key = key
        self._part_bytes = part_bytes
        self._header = header
        self._lines: list[bytes] = []
        self._pending = 0
        self._upload_id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []

    def write(self, line: str) -> None:
        """Add a line, given without its end."""
        if self._header is not None:
            line, self._header = f"{self._header}\n{line}", None
        encoded = f"{line}\n".encode()
        self._lines.append(encoded)
        self._pending += len(encoded)
        if self._pending >= self._part_bytes:
            self._send_part()

    def close(self) -> bool:
        """Finish the file; False where nothing was written, and then there is none."""
        with translated(f"writing s3://{self._bucket}/{self.key}"):
            if self._upload_id is None:
                if not self._lines:
                    return False
                self._s3.put_object(Bucket=self._bucket, Key=self.key, Body=self._take())
                return True
            if self._lines:
                self._send_part()
            self._s3.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self.key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
            )
            return True

    def abort(self) -> None:
        """Forget what was written; S3 bills the parts of an upload that nobody ends."""
        if self._upload_id is not None:
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=self.key, UploadId=self._upload_id)

    def _send_part(self) -> None:
        with translated(f"writing s3://{self._bucket}/{self.key}"):
            if self._upload_id is None:
                self._upload_id = self._s3.create_multipart_upload(Bucket=self._bucket, Key=self.key)["UploadId"]
            number = len(self._parts) + 1
            sent = self._s3.upload_part(
                Bucket=self._bucket,
                Key=self.key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=self._take(),
            )
            self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def _take(self) -> bytes:
        taken = b"".join(self._lines)
        self._lines.clear()
        self._pending = 0
        return taken
