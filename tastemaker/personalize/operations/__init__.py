"""The operations of the three APIs: a module per few kinds of resources, each function one operation."""

from tastemaker.personalize.operations import (
    automatic_training,
    automatic_update,
    campaigns,
    dataset_groups,
    datasets,
    event_trackers,
    events,
    filters,
    import_jobs,
    ranking,
    recipes,
    recommendations,
    solution_versions,
    solutions,
    tags,
)

__all__ = [
    "automatic_training",
    "automatic_update",
    "campaigns",
    "dataset_groups",
    "datasets",
    "event_trackers",
    "events",
    "filters",
    "import_jobs",
    "ranking",
    "recipes",
    "recommendations",
    "solution_versions",
    "solutions",
    "tags",
]
