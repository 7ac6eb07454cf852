"""One scan segment of a table to CSV: page by page, in constant memory, resumable where time runs out."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.common.errors import translated
from lambdas.export_data.columns import TIME_FIELDS, AttributeValue, Column, Refused
from lambdas.export_data.upload import Upload

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Item = Mapping[str, AttributeValue]


@dataclass
class Progress:
    """How far a segment is: the table key to go on after, and the counts and files so far.

    `reasons` counts the rows that were refused, `mended` the values that could not stay as they were.
    """

    after: Item | None = None
    rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    slices: int = 0

    @classmethod
    def of(cls, cursor: Mapping[str, Any] | None) -> Progress:
        """From the cursor that an earlier call returned; None begins."""
        if cursor is None:
            return cls()
        return cls(
            after=_key_from_json(cursor["after"]),
            rows=cursor["rows"],
            reasons=Counter(cursor["reasons"]),
            mended=Counter(cursor["mended"]),
            files=list(cursor["files"]),
            slices=cursor["slices"],
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "after": _key_to_json(self.after),
            "rows": self.rows,
            "rejected": self.reasons.total(),
            "reasons": dict(self.reasons),
            "mended": dict(self.mended),
            "files": self.files,
            "slices": self.slices,
        }


@dataclass(frozen=True)
class SegmentExport:
    """Segment `segment` of `total_segments` of `table`, to `exports/<run>/<dataset>/` in `bucket`.

    A call writes files of its own, named by segment and slice: repeated, it writes the same ones again.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    bucket: str
    table: str
    run_id: str
    dataset: str
    columns: Sequence[Column]
    since: int | None
    segment: int
    total_segments: int

    def run(self, progress: Progress, *, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        """Export from `progress` to the end, or to the page at which `out_of_time`; a call does at least a page.

        Returns `{"done", "cursor", "dataset", "segment", "rows", "rejected", "reasons", "mended", "files"}`, all
        counts from the segment's beginning; `cursor` begins the next call.
        """
        name = f"part-{self.segment:05d}-{progress.slices:05d}"
        folder = self.dataset.lower()
        accepted = Upload(
            self.s3,
            bucket=self.bucket,
            key=f"exports/{self.run_id}/{folder}/{name}.csv",
            header=",".join(column.name for column in self.columns),
        )
        refused = Upload(self.s3, bucket=self.bucket, key=f"exports/{self.run_id}/rejected/{folder}/{name}.jsonl")
        try:
            for page, after in self._pages(progress.after):
                self._write(page, accepted, refused, progress)
                progress.after = after
                if out_of_time():
                    break
            progress.files += [upload.key for upload in (accepted, refused) if upload.close()]
        except BaseException:
            accepted.abort()
            refused.abort()
            raise
        progress.slices += 1
        state = progress.to_json()
        return {
            "done": progress.after is None,
            "cursor": state,
            "dataset": self.dataset,
            "segment": self.segment,
            **{key: state[key] for key in ("rows", "rejected", "reasons", "mended", "files")},
        }

    def _pages(self, after: Item | None) -> Iterator[tuple[Sequence[Item], Item | None]]:
        attributes = list(dict.fromkeys(column.attribute for column in self.columns))
        names = {f"#a{i}": attribute for i, attribute in enumerate(attributes)}
        request: dict[str, Any] = {
            "TableName": self.table,
            "Segment": self.segment,
            "TotalSegments": self.total_segments,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
        if self.since is not None:
            moment = next(column.attribute for column in self.columns if column.name in TIME_FIELDS)
            name = f"#a{attributes.index(moment)}"
            # a comparison leaves out what is no number, and with it what is to be refused in words
            request["FilterExpression"] = f"{name} >= :since OR NOT attribute_type({name}, :number)"
            request["ExpressionAttributeValues"] = {":since": {"N": str(self.since)}, ":number": {"S": "N"}}
        while True:
            if after is not None:
                request["ExclusiveStartKey"] = after
            with translated(f"scanning the table {self.table}"):
                page = self.dynamodb.scan(**request)
            after = page.get("LastEvaluatedKey")
            yield page["Items"], after
            if after is None:
                return

    def _write(self, page: Sequence[Item], accepted: Upload, refused: Upload, progress: Progress) -> None:
        readers = [column.read for column in self.columns]
        moments = [place for place, column in enumerate(self.columns) if column.name in TIME_FIELDS]
        for item in page:
            try:
                cells = [read(item) for read in readers]
            except Refused as why:
                progress.reasons[why.code] += 1
                record = {"code": why.code, "message": str(why), "item": item}
                refused.write(json.dumps(record, ensure_ascii=False, default=_base64))
                continue
            if self.since is not None and int(cells[moments[0]]) < self.since:
                continue
            accepted.write(",".join(cells))
            progress.rows += 1


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _key_to_json(key: Item | None) -> Item | None:
    return key and {
        name: {kind: _base64(value) if kind == "B" else value for kind, value in typed.items()}
        for name, typed in key.items()
    }


def _key_from_json(key: Item | None) -> Item | None:
    return key and {
        name: {kind: base64.b64decode(value) if kind == "B" else value for kind, value in typed.items()}
        for name, typed in key.items()
    }
