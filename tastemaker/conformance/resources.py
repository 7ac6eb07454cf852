"""The kinds of Personalize's resources: what operations and members call each, and what they show of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tastemaker.conformance.case import Level

_TIMES: Final = ("creationDateTime", "lastUpdatedDateTime")


@dataclass(frozen=True)
class Resource:
    """A kind of resource. `shows` and `lists` are the members that Describe and List have beside ARN and times."""

    word: str
    arn_type: str
    level: Level
    shows: tuple[str, ...]
    lists: tuple[str, ...] = ()
    parent: str | None = None
    """The member with which List is asked for those within another resource."""
    deletable: bool = True
    taggable: bool = True
    listed_in: str | None = None
    ready: str = "ACTIVE"
    arn_names: str = "{name}"
    """What follows the type in an ARN, as a regular expression in which {name} is the resource's own."""

    @property
    def member(self) -> str:
        return self.word[0].lower() + self.word[1:]

    @property
    def arn_member(self) -> str:
        return f"{self.member}Arn"

    @property
    def name_member(self) -> str:
        return "jobName" if self.word.endswith("Job") else "name"

    @property
    def list_member(self) -> str:
        return self.listed_in or f"{self.member}s"

    @property
    def shown(self) -> tuple[str, ...]:
        return (self.arn_member, *self.shows, *_TIMES)

    @property
    def listed(self) -> tuple[str, ...]:
        return (self.arn_member, *self.lists, *_TIMES)


_C, _D, _T, _R = Level.CONTROL, Level.DATA, Level.TRAINING, Level.RECOMMENDERS
_NAMED = ("name", "status")
_JOB = ("jobName", "status")

GROUP: Final = Resource("DatasetGroup", "dataset-group", _C, _NAMED, _NAMED)
SCHEMA: Final = Resource("Schema", "schema", _C, ("name", "schema"), ("name",), taggable=False)
DATASET: Final = Resource(
    "Dataset",
    "dataset",
    _C,
    (*_NAMED, "datasetGroupArn", "datasetType", "schemaArn"),
    (*_NAMED, "datasetType"),
    parent="datasetGroupArn",
    arn_names="[^/]+/[A-Z_]+",
)
IMPORT_JOB: Final = Resource(
    "DatasetImportJob",
    "dataset-import-job",
    _D,
    (*_JOB, "datasetArn", "dataSource", "roleArn", "importMode"),
    (*_JOB, "importMode"),
    parent="datasetArn",
    deletable=False,
)
EXPORT_JOB: Final = Resource(
    "DatasetExportJob",
    "dataset-export-job",
    _D,
    (*_JOB, "datasetArn", "ingestionMode", "roleArn", "jobOutput"),
    _JOB,
    parent="datasetArn",
    deletable=False,
)
DELETION_JOB: Final = Resource(
    "DataDeletionJob",
    "data-deletion-job",
    _D,
    (*_JOB, "datasetGroupArn", "dataSource", "roleArn", "numDeleted"),
    (*_JOB, "datasetGroupArn"),
    parent="datasetGroupArn",
    deletable=False,
    ready="COMPLETED",
)
TRACKER: Final = Resource(
    "EventTracker",
    "event-tracker",
    _C,
    (*_NAMED, "accountId", "trackingId", "datasetGroupArn"),
    _NAMED,
    parent="datasetGroupArn",
    arn_names="[0-9a-f]{{8}}",
)
FILTER: Final = Resource(
    "Filter",
    "filter",
    _C,
    (*_NAMED, "datasetGroupArn", "filterExpression"),
    (*_NAMED, "datasetGroupArn"),
    parent="datasetGroupArn",
    listed_in="Filters",
)
SOLUTION: Final = Resource(
    "Solution",
    "solution",
    _C,
    (*_NAMED, "performHPO", "performAutoML", "performAutoTraining", "recipeArn", "datasetGroupArn"),
    (*_NAMED, "recipeArn"),
    parent="datasetGroupArn",
)
VERSION: Final = Resource(
    "SolutionVersion",
    "solution",
    _T,
    (
        *_NAMED,
        *("solutionArn", "performHPO", "performAutoML", "recipeArn", "datasetGroupArn"),
        *("solutionConfig", "trainingHours", "trainingMode", "trainingType"),
    ),
    ("status", "trainingMode", "trainingType"),
    parent="solutionArn",
    deletable=False,
    arn_names="[^/]+/[0-9a-f]{{8}}",
)
CAMPAIGN: Final = Resource(
    "Campaign",
    "campaign",
    _T,
    (*_NAMED, "solutionVersionArn", "minProvisionedTPS"),
    _NAMED,
    parent="solutionArn",
)
RECOMMENDER: Final = Resource(
    "Recommender",
    "recommender",
    _R,
    (*_NAMED, "datasetGroupArn", "recipeArn", "recommenderConfig", "modelMetrics"),
    (*_NAMED, "datasetGroupArn", "recipeArn", "recommenderConfig"),
    parent="datasetGroupArn",
)
_BATCH = (*_JOB, "solutionVersionArn", "jobInput", "jobOutput", "roleArn")
INFERENCE_JOB: Final = Resource(
    "BatchInferenceJob",
    "batch-inference-job",
    _T,
    (*_BATCH, "batchInferenceJobMode"),
    (*_JOB, "solutionVersionArn", "batchInferenceJobMode"),
    parent="solutionVersionArn",
    deletable=False,
)
SEGMENT_JOB: Final = Resource(
    "BatchSegmentJob",
    "batch-segment-job",
    _T,
    _BATCH,
    (*_JOB, "solutionVersionArn"),
    parent="solutionVersionArn",
    deletable=False,
)
ATTRIBUTION: Final = Resource(
    "MetricAttribution",
    "metric-attribution",
    _C,
    (*_NAMED, "datasetGroupArn", "metricsOutputConfig"),
    _NAMED,
    parent="datasetGroupArn",
    taggable=False,
)

CREATED: Final = (
    GROUP,
    SCHEMA,
    DATASET,
    IMPORT_JOB,
    EXPORT_JOB,
    DELETION_JOB,
    TRACKER,
    FILTER,
    SOLUTION,
    VERSION,
    CAMPAIGN,
    RECOMMENDER,
    INFERENCE_JOB,
    SEGMENT_JOB,
    ATTRIBUTION,
)
BUILT_IN: Final = (
    Resource("Recipe", "recipe", _C, ("name", "algorithmArn", "featureTransformationArn", "status", "recipeType")),
    Resource("Algorithm", "algorithm", _C, ("name", "defaultHyperParameters")),
    Resource("FeatureTransformation", "feature-transformation", _C, ("name", "defaultParameters", "status")),
)
BY_WORD: Final = {resource.word: resource for resource in (*CREATED, *BUILT_IN)}


def kind_of(arn: str) -> Resource:
    """The kind of resource that an ARN names. Raises ValueError for what names none."""
    arn_type, *names = arn.rpartition(":")[2].split("/")
    if arn_type == SOLUTION.arn_type:
        return VERSION if len(names) > 1 else SOLUTION
    for resource in BY_WORD.values():
        if resource.arn_type == arn_type:
            return resource
    raise ValueError(f"{arn} names no kind of resource that Personalize has")
