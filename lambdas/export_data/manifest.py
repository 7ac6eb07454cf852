"""What an export made, in one file: rows, refusals by reason, and the files of each dataset."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lambdas.common.errors import InvalidError, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REQUIRED: Final = "INTERACTIONS"


def write_manifest(s3: S3Client, *, bucket: str, run_id: str, segments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add the segments up and write `exports/<run>/manifest.json`.

    Returns `{"rows", "rejected", "reasons", "mended", "locations", "manifest"}`: counts by dataset in lower case or by
    reason, and where Personalize finds each dataset's files. A dataset of which every row was refused is an
    `InvalidError`, and so are interactions without any; another dataset without any has no location.
    """
    rows: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    mended: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    why: dict[str, Counter[str]] = {}
    files: dict[str, list[str]] = {}
    for segment in segments:
        dataset = segment["dataset"]
        rows[dataset] += segment["rows"]
        rejected[dataset] += segment["rejected"]
        reasons.update(segment["reasons"])
        why.setdefault(dataset, Counter()).update(segment["reasons"])
        mended.update(segment["mended"])
        files.setdefault(dataset, []).extend(segment["files"])
    for dataset in files.keys() | {REQUIRED}:
        if rows[dataset] or not (rejected[dataset] or dataset == REQUIRED):
            continue
        refused = (
            f"{rejected[dataset]} rows were refused ({dict(why[dataset])})" if rejected[dataset] else "it is empty"
        )
        raise InvalidError(f"the table of the {dataset} dataset has no row that can be imported: {refused}")
    manifest = {
        "rows": {dataset.lower(): count for dataset, count in rows.items()},
        "rejected": {dataset.lower(): count for dataset, count in rejected.items()},
        "reasons": dict(reasons),
        "mended": dict(mended),
        "locations": {
            dataset: f"s3://{bucket}/exports/{run_id}/{dataset.lower()}/" for dataset in files if rows[dataset]
        },
    }
    key = f"exports/{run_id}/manifest.json"
    body = json.dumps({"runId": run_id, **manifest, "files": files}, indent=2)
    with translated(f"writing s3://{bucket}/{key}"):
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="application/json")
    return {**manifest, "manifest": key}
