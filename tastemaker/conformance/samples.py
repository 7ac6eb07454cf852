"""One usable resource of each kind, made when a case first needs it, and what a further one would be created with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tastemaker.conformance import sample_data as data
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.resources import DELETION_JOB, EXPORT_JOB, INFERENCE_JOB, SEGMENT_JOB, Resource
from tastemaker.conformance.world import Sample, World

RECIPE: Final = "arn:aws:personalize:::recipe"
FILTER_EXPRESSION: Final = 'INCLUDE ItemID WHERE Items.GENRES IN ("Even")'
METRIC: Final = {"eventType": "View", "metricName": "views", "expression": "SAMPLECOUNT()"}
RECOMMENDER_RECIPE: Final = f"{RECIPE}/aws-ecomm-popular-items-by-views"

_TYPES: Final[Mapping[str, tuple[str, tuple[object, ...]]]] = {
    "INTERACTIONS": ("Interactions", data.INTERACTION_FIELDS),
    "ITEMS": ("Items", data.ITEM_FIELDS),
    "USERS": ("Users", data.USER_FIELDS),
    "ACTIONS": ("Actions", data.ACTION_FIELDS),
    "ACTION_INTERACTIONS": ("ActionInteractions", data.ACTION_INTERACTION_FIELDS),
}
_CSV: Final[Mapping[str, Callable[[], str]]] = {
    "INTERACTIONS": data.interactions,
    "ITEMS": data.items,
    "USERS": data.users,
    "ACTIONS": data.actions,
    "ACTION_INTERACTIONS": data.action_interactions,
}


def group(world: World) -> Sample:
    """The custom dataset group that most of a run is in."""
    return world.shared("dataset group", lambda: world.made("DatasetGroup", name=world.name("group")))


def spare_group(world: World) -> Sample:
    """A group with an Interactions dataset and nothing else, for what a group can have only once."""

    def make() -> Sample:
        made = world.made("DatasetGroup", name=world.name("spare"))
        _dataset(world, made.arn, schema(world, "INTERACTIONS").arn, "INTERACTIONS")
        return made

    return world.shared("second dataset group", make)


def shop_group(world: World) -> Sample:
    """An ECOMMERCE group with Interactions and Items and their data."""

    def make() -> Sample:
        made = world.made("DatasetGroup", name=world.name("shop"), domain="ECOMMERCE")
        for dataset_type, fields, csv in (
            ("INTERACTIONS", data.INTERACTION_FIELDS, data.interactions()),
            ("ITEMS", data.SHOP_ITEM_FIELDS, data.shop_items()),
        ):
            text = data.avro(dataset_type.title(), fields)
            domain = world.made("Schema", name=world.name("schema"), schema=text, domain="ECOMMERCE")
            imported(world, _dataset(world, made.arn, domain.arn, dataset_type).arn, f"shop/{dataset_type}.csv", csv)
        return made

    return world.shared("domain dataset group", make)


def schema(world: World, dataset_type: str = "INTERACTIONS") -> Sample:
    name, fields = _TYPES[dataset_type]
    return world.shared(
        f"{dataset_type} schema",
        lambda: world.made("Schema", name=world.name("schema"), schema=data.avro(name, fields)),
    )


def dataset(world: World, dataset_type: str = "INTERACTIONS") -> Sample:
    """A dataset of the custom group, without data. All others are there when an interactions dataset is asked for."""
    return world.shared(
        f"{dataset_type} dataset",
        lambda: _dataset(world, group(world).arn, schema(world, dataset_type).arn, dataset_type),
    )


def import_of(world: World, dataset_type: str = "INTERACTIONS") -> Sample:
    """A finished import into the dataset of that type."""
    csv = _CSV[dataset_type]
    key = f"data/{dataset_type}.csv"
    return world.shared(
        f"import of {dataset_type}", lambda: imported(world, dataset(world, dataset_type).arn, key, csv())
    )


def imported(world: World, dataset_arn: str, key: str, csv: str) -> Sample:
    """Import a file, and wait for it."""
    return world.made(
        "DatasetImportJob",
        jobName=world.name("import"),
        datasetArn=dataset_arn,
        dataSource={"dataLocation": world.put(key, csv)},
        roleArn=world.role_arn,
    )


def solution(world: World, recipe: str = "aws-user-personalization") -> Sample:
    """A solution of the custom group that trains only when it is told to."""

    def make() -> Sample:
        needed = ["INTERACTIONS", "ITEMS"]
        if recipe == "aws-next-best-action":
            needed += ["ACTIONS", "ACTION_INTERACTIONS"]
        for dataset_type in needed:
            dataset(world, dataset_type)
        return world.made(
            "Solution",
            name=world.name("solution"),
            datasetGroupArn=group(world).arn,
            recipeArn=f"{RECIPE}/{recipe}",
            performAutoTraining=False,
        )

    return world.shared(f"solution of {recipe}", make)


def version(world: World, recipe: str = "aws-user-personalization") -> Sample:
    """A trained version of the solution of that recipe."""

    def make() -> Sample:
        made = solution(world, recipe)
        for dataset_type in ("ACTIONS", "ACTION_INTERACTIONS") if recipe == "aws-next-best-action" else ():
            import_of(world, dataset_type)
        import_of(world, "INTERACTIONS")
        import_of(world, "ITEMS")
        return world.made("SolutionVersion", solutionArn=made.arn)

    return world.shared(f"trained version of {recipe}", make)


def campaign(world: World, recipe: str = "aws-user-personalization") -> Sample:
    def make() -> Sample:
        trained = version(world, recipe)
        config = {"enableMetadataWithRecommendations": True} if recipe == "aws-user-personalization" else {}
        return world.made(
            "Campaign",
            name=world.name("campaign"),
            solutionVersionArn=trained.arn,
            minProvisionedTPS=1,
            campaignConfig=config,
        )

    return world.shared(f"campaign of {recipe}", make)


def filter_(world: World) -> Sample:
    def make() -> Sample:
        import_of(world, "ITEMS")
        return world.made("Filter", **_filter(world))

    return world.shared("filter", make)


def tracker(world: World) -> Sample:
    def make() -> Sample:
        dataset(world)
        return world.made("EventTracker", name=world.name("tracker"), datasetGroupArn=group(world).arn)

    return world.shared("event tracker", make)


def recommender(world: World) -> Sample:
    return world.shared("recommender", lambda: world.made("Recommender", **_recommender(world)))


def attribution(world: World) -> Sample:
    def make() -> Sample:
        dataset(world)
        return world.made("MetricAttribution", **_attribution(world, group(world).arn))

    return world.shared("metric attribution", make)


def job(world: World, resource: Resource) -> Sample:
    """A finished job: an export, a deletion, or one in batch."""
    return world.shared(resource.word, lambda: world.made(resource.word, **fresh(world, resource)))


def sample(world: World, resource: Resource) -> Sample:
    """The usable resource of that kind."""
    return _SAMPLES[resource.word](world)


def fresh(world: World, resource: Resource) -> Members:
    """What one more of that kind can be created with, under a name that nothing has."""
    return _FRESH[resource.word](world)


def _dataset(world: World, group_arn: str, schema_arn: str, dataset_type: str) -> Sample:
    return world.made(
        "Dataset",
        name=world.name("dataset"),
        datasetGroupArn=group_arn,
        schemaArn=schema_arn,
        datasetType=dataset_type,
    )


def _filter(world: World) -> Members:
    dataset(world, "ITEMS")
    return {
        "name": world.name("filter"),
        "datasetGroupArn": group(world).arn,
        "filterExpression": FILTER_EXPRESSION,
    }


def _users_of_the_spare_group(world: World) -> Members:
    return {
        "name": world.name("dataset"),
        "datasetGroupArn": spare_group(world).arn,
        "schemaArn": schema(world, "USERS").arn,
        "datasetType": "USERS",
    }


def _import(world: World) -> Members:
    return {**import_of(world, "USERS").given, "jobName": world.name("import")}


def _export(world: World) -> Members:
    import_of(world)
    name = world.name("export")
    return {
        "jobName": name,
        "datasetArn": dataset(world).arn,
        "ingestionMode": "ALL",
        "roleArn": world.role_arn,
        "jobOutput": {"s3DataDestination": {"path": world.location(f"{name}/")}},
    }


def _deletion(world: World) -> Members:
    import_of(world, "USERS")
    return {
        "jobName": world.name("deletion"),
        "datasetGroupArn": group(world).arn,
        "dataSource": {"dataLocation": world.put("deletion/users.csv", "USER_ID\nnobody-at-all\n")},
        "roleArn": world.role_arn,
    }


def _solution(world: World) -> Members:
    return {**solution(world).given, "name": world.name("solution")}


def _version(world: World) -> Members:
    return {"solutionArn": version(world).given["solutionArn"], "name": world.name("version")}


def _campaign(world: World) -> Members:
    return {"name": world.name("campaign"), "solutionVersionArn": version(world).arn}


def _recommender(world: World) -> Members:
    return {
        "name": world.name("recommender"),
        "datasetGroupArn": shop_group(world).arn,
        "recipeArn": RECOMMENDER_RECIPE,
    }


def _inference(world: World) -> Members:
    lines = "\n".join(f'{{"userId":"{data.user(number)}"}}' for number in range(3))
    return _batch(world, "aws-user-personalization", "users.json", f"{lines}\n")


def _segment(world: World) -> Members:
    return _batch(world, "aws-item-affinity", "items.json", f'{{"itemId":"{data.item(0)}"}}\n')


def _batch(world: World, recipe: str, file: str, lines: str) -> Members:
    name = world.name("batch")
    return {
        "jobName": name,
        "solutionVersionArn": version(world, recipe).arn,
        "numResults": 5,
        "roleArn": world.role_arn,
        "jobInput": {"s3DataSource": {"path": world.put(f"batch/{file}", lines)}},
        "jobOutput": {"s3DataDestination": {"path": world.location(f"{name}/")}},
    }


def _attribution(world: World, group_arn: str) -> Members:
    return {
        "name": world.name("attribution"),
        "datasetGroupArn": group_arn,
        "metrics": [METRIC],
        "metricsOutputConfig": {
            "roleArn": world.role_arn,
            "s3DataDestination": {"path": world.location("attribution/")},
        },
    }


_SAMPLES: Final[Mapping[str, Callable[[World], Sample]]] = {
    "DatasetGroup": group,
    "Schema": schema,
    "Dataset": dataset,
    "DatasetImportJob": import_of,
    "EventTracker": tracker,
    "Filter": filter_,
    "Solution": solution,
    "SolutionVersion": version,
    "Campaign": campaign,
    "Recommender": recommender,
    "MetricAttribution": attribution,
    "DatasetExportJob": lambda world: job(world, EXPORT_JOB),
    "DataDeletionJob": lambda world: job(world, DELETION_JOB),
    "BatchInferenceJob": lambda world: job(world, INFERENCE_JOB),
    "BatchSegmentJob": lambda world: job(world, SEGMENT_JOB),
}
_FRESH: Final[Mapping[str, Callable[[World], Members]]] = {
    "DatasetGroup": lambda world: {"name": world.name("group")},
    "Schema": lambda world: {**schema(world).given, "name": world.name("schema")},
    "Dataset": _users_of_the_spare_group,
    "DatasetImportJob": _import,
    "DatasetExportJob": _export,
    "DataDeletionJob": _deletion,
    "EventTracker": lambda world: {"name": world.name("tracker"), "datasetGroupArn": spare_group(world).arn},
    "Filter": _filter,
    "Solution": _solution,
    "SolutionVersion": _version,
    "Campaign": _campaign,
    "Recommender": _recommender,
    "BatchInferenceJob": _inference,
    "BatchSegmentJob": _segment,
    "MetricAttribution": lambda world: _attribution(world, spare_group(world).arn),
}
