"""The kinds of resources, and how the API names each in ARNs, members and operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """A kind of resource. `word` is how operations call it: `DescribeDatasetGroup`, `ListDatasetGroups`."""

    word: str
    arn_type: str
    taggable: bool = True
    owner: str | None = None
    """The member with the ARN of the resource that takes this one along when it is deleted."""
    listed_in: str | None = None
    """The member that List answers in, where it is not the usual one."""

    @property
    def member(self) -> str:
        """The member that Describe answers in: `datasetGroup`."""
        return self.word[0].lower() + self.word[1:]

    @property
    def arn_member(self) -> str:
        return f"{self.member}Arn"

    @property
    def list_member(self) -> str:
        return self.listed_in or f"{self.member}s"


DATASET_GROUP: Final = Kind("DatasetGroup", "dataset-group")
SCHEMA: Final = Kind("Schema", "schema", taggable=False)
DATASET: Final = Kind("Dataset", "dataset")
IMPORT_JOB: Final = Kind("DatasetImportJob", "dataset-import-job")
SOLUTION: Final = Kind("Solution", "solution")
SOLUTION_VERSION: Final = Kind("SolutionVersion", "solution", owner="solutionArn")
CAMPAIGN: Final = Kind("Campaign", "campaign")
EVENT_TRACKER: Final = Kind("EventTracker", "event-tracker")
FILTER: Final = Kind("Filter", "filter", listed_in="Filters")
RECOMMENDER: Final = Kind("Recommender", "recommender")
EXPORT_JOB: Final = Kind("DatasetExportJob", "dataset-export-job")
DATA_DELETION_JOB: Final = Kind("DataDeletionJob", "data-deletion-job")
BATCH_INFERENCE_JOB: Final = Kind("BatchInferenceJob", "batch-inference-job")
BATCH_SEGMENT_JOB: Final = Kind("BatchSegmentJob", "batch-segment-job")
METRIC_ATTRIBUTION: Final = Kind("MetricAttribution", "metric-attribution", taggable=False)

KINDS: Final = {
    kind.word: kind
    for kind in (
        DATASET_GROUP,
        SCHEMA,
        DATASET,
        IMPORT_JOB,
        SOLUTION,
        SOLUTION_VERSION,
        CAMPAIGN,
        EVENT_TRACKER,
        FILTER,
        RECOMMENDER,
        EXPORT_JOB,
        DATA_DELETION_JOB,
        BATCH_INFERENCE_JOB,
        BATCH_SEGMENT_JOB,
        METRIC_ATTRIBUTION,
    )
}
