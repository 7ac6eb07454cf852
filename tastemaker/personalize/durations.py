"""How long creations and updates take beside the real work behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from tastemaker.personalize.kinds import KINDS, Kind


@dataclass(frozen=True)
class Durations:
    """The least seconds on the clock from a Create or Update to its end, by the name of the kind of resource.

    `{"SolutionVersion": 2400}`: trainings last forty minutes at least. What is not named takes `others`, by default no
    time. Raises ValueError for a kind that does not exist.
    """

    by_kind: Mapping[str, float] = field(default_factory=dict)
    others: float = 0.0

    def __post_init__(self) -> None:
        for name in self.by_kind:
            if name not in KINDS:
                near = get_close_matches(name, KINDS, n=1) or sorted(KINDS)
                raise ValueError(f"{name} is no kind of resource: {', '.join(near)} is")

    def of(self, kind: Kind) -> float:
        return self.by_kind.get(kind.word, self.others)


NO_DURATIONS = Durations()
AWS_DURATIONS = Durations(
    {
        "DatasetGroup": 30,
        "Dataset": 10,
        "DatasetImportJob": 600,
        "DatasetExportJob": 600,
        "DataDeletionJob": 86_400,
        "EventTracker": 60,
        "Filter": 30,
        "Solution": 1,
        "SolutionVersion": 2700,
        "Campaign": 600,
        "Recommender": 3600,
        "BatchInferenceJob": 1200,
        "BatchSegmentJob": 1200,
        "MetricAttribution": 60,
    }
)
"""What the same takes on AWS, about."""
