"""Solutions and their versions: what may be configured, training, metrics, and UpdateSolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastemaker.conformance import resources, samples
from tastemaker.conformance.case import Level, Run, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import RECIPE, fresh, group, solution, version
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
METRICS: Final = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    *(f"normalized_discounted_cumulative_gain_at_{count}" for count in (10, 25, 5)),
    *(f"precision_at_{count}" for count in (10, 25, 5)),
)

_REFUSED: Final[Mapping[str, Members]] = {
    "a hyperparameter that the recipe has not": {"solutionConfig": {"algorithmHyperParameters": {"depth": "3"}}},
    "a hyperparameter out of range": {"solutionConfig": {"algorithmHyperParameters": {"hidden_dimension": "7"}}},
    "AutoML": {"performAutoML": True},
    "a threshold that is no number": {"eventType": "View", "solutionConfig": {"eventValueThreshold": "much"}},
    "HPO without its configuration": {"performHPO": True, "solutionConfig": {"hpoConfig": {"hpoResourceConfig": {
        "maxNumberOfTrainingJobs": "100", "maxParallelTrainingJobs": "1"}}}},
    "a schedule that is no rate of days": {
        "performAutoTraining": True,
        "solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "cron(0 1 * * ? *)"}},
    },
    "a column that the datasets have not": {
        "solutionConfig": {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["COLOUR"]}}}
    },
    "an excluded event type": {
        "solutionConfig": {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["EVENT_TYPE"]}}}
    },
    "an optimization objective on what is no number": {
        "solutionConfig": {"optimizationObjective": {"itemAttribute": "GENRES", "objectiveSensitivity": "LOW"}}
    },
    "events configured for a recipe that is no v2": {
        "solutionConfig": {"eventsConfig": {"eventParametersList": [{"eventType": "View", "weight": 1.0}]}}
    },
}  # fmt: skip


def _is_refused(given: Members) -> Run:
    def run(world: World, expect: Expect) -> None:
        call = world.calling("CreateSolution", fresh(world, resources.SOLUTION), **given)
        expect.refused(call, code=INVALID)

    return run


for _title, _given in _REFUSED.items():
    case("CreateSolution", "rule", reference="§7, §11.2, §13.1", title=f"{_title} is refused")(_is_refused(_given))


@case("CreateSolution", "rule", reference="§7, §13.1")
def trains_automatically_unless_told_otherwise(world: World, expect: Expect) -> None:
    given = fresh(world, resources.SOLUTION)
    made = world.create("Solution", **{**given, "performAutoTraining": True})
    shown = world.settled(made.arn)
    expect.equal("performHPO", False, shown.get("performHPO"))
    expect.equal("performAutoML", False, shown.get("performAutoML"))
    expect.equal("performAutoTraining", True, shown.get("performAutoTraining"))
    world.discard(made.arn)
    del given["performAutoTraining"]
    default = world.create("Solution", **{**given, "name": world.name("solution")})
    expect.equal("performAutoTraining by default", True, world.settled(default.arn).get("performAutoTraining"))
    world.discard(default.arn)


@case("CreateSolution", "rule", reference="§11.1")
def of_a_retired_recipe_is_refused(world: World, expect: Expect) -> None:
    call = world.calling("CreateSolution", fresh(world, resources.SOLUTION), recipeArn=f"{RECIPE}/aws-hrnn")
    expect.refused(call, code=INVALID)


@case("CreateSolution", "rule", reference="§13.1")
def without_a_recipe_is_refused(world: World, expect: Expect) -> None:
    given = {name: value for name, value in fresh(world, resources.SOLUTION).items() if name != "recipeArn"}
    expect.refused(world.calling("CreateSolution", given), code=INVALID)


@case("CreateSolution", "question", reference="§13.1")
def both_included_and_excluded_columns(world: World, expect: Expect) -> None:
    columns = {"includedDatasetColumns": {"ITEMS": ["PRICE"]}, "excludedDatasetColumns": {"ITEMS": ["GENRES"]}}
    given = fresh(world, resources.SOLUTION)
    call = world.calling("CreateSolution", given, solutionConfig={"trainingDataConfig": columns})
    expect.answer("trainingDataConfig with both maps", outcome_of(call), chosen=INVALID)
    _forget(world, str(given["name"]))


@case("UpdateSolution", "success", reference="§13.1")
def answers_with_the_solution(world: World, expect: Expect) -> None:
    with world.throwaway("Solution", **fresh(world, resources.SOLUTION)) as made:
        answer = world.call("UpdateSolution", solutionArn=made.arn, performAutoTraining=True, **_every(3))
        expect.equal("the answer", {"solutionArn": made.arn}, answer)
        world.settled(made.arn)


@case("UpdateSolution", "effect", reference="§3, §13.1")
def describe_shows_the_update_and_then_the_new_settings(world: World, expect: Expect) -> None:
    with world.throwaway("Solution", **fresh(world, resources.SOLUTION)) as made:
        expect.without("Describe before any update", world.describe(made.arn), ["latestSolutionUpdate"])
        world.call("UpdateSolution", solutionArn=made.arn, performAutoTraining=True, **_every(3))
        shown = world.settled(made.arn)
        update = shown.get("latestSolutionUpdate", {})
        expect.equal("the status of the update", "ACTIVE", update.get("status"))
        expect.members("latestSolutionUpdate", update, ["creationDateTime", "lastUpdatedDateTime"])
        expect.equal("performAutoTraining", True, shown.get("performAutoTraining"))
        schedule = shown.get("solutionConfig", {}).get("autoTrainingConfig", {}).get("schedulingExpression")
        expect.equal("the schedule", "rate(3 days)", schedule)


@case("UpdateSolution", "error", error="ResourceInUseException", reference="§4.1")
def while_an_update_is_under_way(world: World, expect: Expect) -> None:
    with world.throwaway("Solution", **fresh(world, resources.SOLUTION)) as made:
        call = world.calling("UpdateSolution", _every(3), solutionArn=made.arn, performAutoTraining=True)
        call()
        expect.refused(call, code="ResourceInUseException")
        expect.refused(world.calling("DeleteSolution", solutionArn=made.arn), code="ResourceInUseException")
        world.settled(made.arn)


@case("UpdateSolution", "error", error=INVALID, reference="§7")
def a_schedule_that_is_no_rate_of_days(world: World, expect: Expect) -> None:
    arn = solution(world).arn
    for given in ({"solutionArn": "no-arn"}, {"solutionArn": arn, **_every(31)}, {"solutionArn": arn, **_every(0)}):
        expect.refused(world.calling("UpdateSolution", {"performAutoTraining": True}, **given), code=INVALID)


@case("UpdateSolution", "error", error="ResourceNotFoundException", reference="§2.1")
def an_arn_of_nothing(world: World, expect: Expect) -> None:
    absent = world.absent(solution(world).arn)
    call = world.calling("UpdateSolution", solutionArn=absent, performAutoTraining=False)
    expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")


def _every(days: int) -> Members:
    return {"solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": f"rate({days} days)"}}}


@case("CreateSolutionVersion", "error", error=INVALID, reference="§7", level=Level.TRAINING)
def a_training_mode_that_there_is_not(world: World, expect: Expect) -> None:
    call = world.calling("CreateSolutionVersion", solutionArn=solution(world).arn, trainingMode="HALF")
    expect.refused(call, code=INVALID)


@case("CreateSolutionVersion", "rule", reference="§13.2", level=Level.TRAINING)
def update_is_for_user_personalization_after_a_full_training(world: World, expect: Expect) -> None:
    version(world, "aws-similar-items")
    for arn in (solution(world, "aws-similar-items").arn,):
        call = world.calling("CreateSolutionVersion", solutionArn=arn, trainingMode="UPDATE")
        expect.refused(call, code=INVALID)
    with world.throwaway("Solution", **fresh(world, resources.SOLUTION)) as untrained:
        call = world.calling("CreateSolutionVersion", solutionArn=untrained.arn, trainingMode="UPDATE")
        expect.refused(call, code=INVALID)


@case("CreateSolutionVersion", "rule", reference="§13.2", level=Level.TRAINING)
def an_update_is_a_version_of_its_own(world: World, expect: Expect) -> None:
    trained = version(world).arn
    made = world.made("SolutionVersion", solutionArn=solution(world).arn, trainingMode="UPDATE")
    shown = world.describe(made.arn)
    expect.equal("trainingMode", "UPDATE", shown.get("trainingMode"))
    expect.true("it is another version", made.arn != trained, made.arn)


@case("CreateSolutionVersion", "question", reference="§13.1", level=Level.TRAINING)
def autotrain_as_a_training_mode(world: World, expect: Expect) -> None:
    samples.version(world)
    arn = solution(world).arn
    call = world.calling("CreateSolutionVersion", solutionArn=arn, trainingMode="AUTOTRAIN")
    expect.answer("trainingMode AUTOTRAIN", outcome_of(call), chosen=INVALID)
    for entry in world.everything(resources.VERSION, solutionArn=arn):
        if entry["trainingMode"] == "AUTOTRAIN":
            world.stop(str(entry["solutionVersionArn"]))


@case("DescribeSolutionVersion", "rule", reference="§2.1, §13.2, App. C", level=Level.TRAINING)
def an_unnamed_version_is_called_by_its_arn(world: World, expect: Expect) -> None:
    shown = world.describe(version(world).arn)
    expect.equal("name", version(world).arn.partition(":solution/")[2], shown.get("name"))
    expect.equal("solutionConfig", {}, shown.get("solutionConfig"))
    expect.equal("trainingMode", "FULL", shown.get("trainingMode"))
    expect.equal("trainingType", "MANUAL", shown.get("trainingType"))
    expect.true("trainingHours is more than 0", shown.get("trainingHours", 0) > 0, shown.get("trainingHours"))


@case("DescribeSolution", "rule", reference="§3", level=Level.TRAINING)
def the_latest_version_is_shown_once_there_is_one(world: World, expect: Expect) -> None:
    with world.throwaway("Solution", **fresh(world, resources.SOLUTION)) as made:
        expect.without("a solution without versions", world.describe(made.arn), ["latestSolutionVersion"])
    version(world, "aws-popularity-count")
    trained = solution(world, "aws-popularity-count").arn
    latest = world.describe(trained).get("latestSolutionVersion", {})
    versions = [entry["solutionVersionArn"] for entry in world.everything(resources.VERSION, solutionArn=trained)]
    seen = latest.get("solutionVersionArn")
    expect.true("latestSolutionVersion is one of its versions", seen in versions, seen)


@case("ListSolutionVersions", "error", error="ResourceNotFoundException", reference="App. A")
def within_a_solution_of_nothing(world: World, expect: Expect) -> None:
    absent = world.absent(solution(world).arn)
    call = world.calling("ListSolutionVersions", solutionArn=absent)
    expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")


@case("StopSolutionVersionCreation", "success", reference="§3", level=Level.TRAINING)
def an_empty_answer(world: World, expect: Expect) -> None:
    version(world)
    made = world.create("SolutionVersion", solutionArn=solution(world).arn)
    expect.equal("the answer", {}, world.call("StopSolutionVersionCreation", solutionVersionArn=made.arn))
    world.settled(made.arn)


@case("StopSolutionVersionCreation", "effect", reference="§3", level=Level.TRAINING)
def a_stopped_version_is_never_trained(world: World, expect: Expect) -> None:
    version(world)
    made = world.create("SolutionVersion", solutionArn=solution(world).arn)
    world.call("StopSolutionVersionCreation", solutionVersionArn=made.arn)
    shown = world.settled(made.arn)
    expect.equal("status", "CREATE STOPPED", shown["status"])
    call = world.calling("CreateCampaign", name=world.name("campaign"), solutionVersionArn=made.arn)
    expect.true("no campaign can be made of it", outcome_of(call) != "accepted", "accepted")


@case("StopSolutionVersionCreation", "error", error="ResourceNotFoundException", reference="§2.1")
def of_a_version_of_nothing(world: World, expect: Expect) -> None:
    absent = f"{world.absent(solution(world).arn)}/00000000"
    call = world.calling("StopSolutionVersionCreation", solutionVersionArn=absent)
    expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")


@case("StopSolutionVersionCreation", "error", error=INVALID, reference="§2.1")
def of_what_is_no_arn(world: World, expect: Expect) -> None:
    expect.refused(world.calling("StopSolutionVersionCreation", solutionVersionArn="no-arn"), code=INVALID)


@case("GetSolutionMetrics", "success", reference="§22.2", level=Level.TRAINING)
def the_eight_metrics_of_user_personalization(world: World, expect: Expect) -> None:
    answer = world.call("GetSolutionMetrics", solutionVersionArn=version(world).arn)
    expect.equal("solutionVersionArn", version(world).arn, answer.get("solutionVersionArn"))
    metrics = answer["metrics"]
    expect.equal("the keys, in alphabetical order", list(METRICS), list(metrics))
    expect.true("all are from 0 to 1", all(0 <= value <= 1 for value in metrics.values()), metrics)
    rounded = {name: round(value, 4) for name, value in metrics.items()}
    expect.equal("all have four decimals", rounded, metrics)


@case("GetSolutionMetrics", "effect", reference="§22", level=Level.TRAINING)
def they_are_those_of_the_version(world: World, expect: Expect) -> None:
    first = world.call("GetSolutionMetrics", solutionVersionArn=version(world).arn)["metrics"]
    popular = version(world, "aws-popularity-count").arn
    baseline = world.call("GetSolutionMetrics", solutionVersionArn=popular)["metrics"]
    better = first.get("precision_at_5", 0) > baseline.get("precision_at_5", 0)
    expect.true("who knows users' tastes is more precise than popularity", better, f"{first} and {baseline}")


@case("GetSolutionMetrics", "rule", reference="§22.2", level=Level.TRAINING)
def three_metrics_of_user_segmentation(world: World, expect: Expect) -> None:
    arn = version(world, "aws-item-affinity").arn
    metrics = world.call("GetSolutionMetrics", solutionVersionArn=arn)["metrics"]
    expect.equal("the keys", ["coverage", "hits_at_1_percent", "recall_at_1_percent"], sorted(metrics))


@case("GetSolutionMetrics", "error", error="ResourceNotFoundException", reference="§2.1")
def metrics_of_nothing(world: World, expect: Expect) -> None:
    absent = f"{world.absent(solution(world).arn)}/00000000"
    call = world.calling("GetSolutionMetrics", solutionVersionArn=absent)
    expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")


@case("GetSolutionMetrics", "error", error=INVALID, reference="§2.1")
def metrics_of_what_is_no_arn(world: World, expect: Expect) -> None:
    expect.refused(world.calling("GetSolutionMetrics", solutionVersionArn="no-arn"), code=INVALID)


@case("CreateSolutionVersion", "rule", reference="§5.2, §10", level=Level.TRAINING)
def without_enough_data_it_fails_with_the_reason(world: World, expect: Expect) -> None:
    with world.throwaway(
        "Solution",
        name=world.name("solution"),
        datasetGroupArn=samples.spare_group(world).arn,
        recipeArn=f"{RECIPE}/aws-user-personalization",
        performAutoTraining=False,
    ) as empty:
        made = world.create("SolutionVersion", solutionArn=empty.arn)
        shown = world.settled(made.arn)
        expect.equal("status", "CREATE FAILED", shown["status"])
        expect.members("a failed version", shown, ["failureReason"])
        expect.without("a failed version", shown, ["trainingHours"])


def _forget(world: World, name: str) -> None:
    """Delete the solution of that name, where a question was answered by making it."""
    for entry in world.everything(resources.SOLUTION, datasetGroupArn=group(world).arn):
        if entry["name"] == name:
            world.discard(str(entry["solutionArn"]))
