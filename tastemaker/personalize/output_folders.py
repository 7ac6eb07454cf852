"""Folders in S3 that jobs write their results into."""

from __future__ import annotations

from dataclasses import dataclass

from tastemaker.personalize.objects import (
    AccessDenied,
    Location,
    LocationError,
    NoSuchBucket,
    ObjectStore,
    access_refused,
)

_INVALID_PATH = "Invalid S3 output path"


@dataclass(frozen=True)
class OutputFolder:
    """A folder, and the role that writes into it. Raises LocationError in Personalize's words."""

    objects: ObjectStore
    location: Location
    role_arn: str

    @classmethod
    def of(cls, objects: ObjectStore, path: str, role_arn: str) -> OutputFolder:
        """The folder at `path`, `s3://bucket/folder/` with a slash at the end."""
        try:
            location = Location.parse(path)
        except LocationError as error:
            raise LocationError(_INVALID_PATH) from error
        if not location.is_folder:
            raise LocationError(f"{_INVALID_PATH}: {path} is no folder, which ends in a slash.")
        return cls(objects, location, role_arn)

    def check(self) -> None:
        """Find out whether the role may list and write here.

        It writes the empty object that stands for the folder itself, which no import takes for a file. A bucket's root
        has none: there only the listing is tried.
        """
        try:
            self.objects.list(self.location.bucket, self.location.key, role_arn=self.role_arn)
        except AccessDenied as error:
            raise LocationError(access_refused(self.location.bucket)) from error
        except NoSuchBucket as error:
            raise LocationError(f"{_INVALID_PATH}: there is no bucket {self.location.bucket}.") from error
        if self.location.key:
            self.write("", b"")

    def write(self, name: str, content: bytes) -> None:
        """Write the file `name`, in place of one that is there."""
        try:
            self.objects.put(self.location.bucket, f"{self.location.key}{name}", content, role_arn=self.role_arn)
        except AccessDenied as error:
            raise LocationError(access_refused(self.location.bucket)) from error
        except NoSuchBucket as error:
            raise LocationError(f"{_INVALID_PATH}: there is no bucket {self.location.bucket}.") from error
