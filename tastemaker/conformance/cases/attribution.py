"""Metric attributions: their metrics, and UpdateMetricAttribution."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance.case import Run, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.resources import ATTRIBUTION
from tastemaker.conformance.samples import METRIC, attribution, fresh, group
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
_LIST: Final = "ListMetricAttributionMetrics"


def _metric(name: str, expression: str = "SAMPLECOUNT()") -> Members:
    return {"eventType": "View", "metricName": name, "expression": expression}


def _metrics(world: World, arn: str) -> list[str]:
    return sorted(metric["metricName"] for metric in world.call(_LIST, metricAttributionArn=arn)["metrics"])


@case(_LIST, "success", reference="§23")
def the_metrics_as_they_were_given(world: World, expect: Expect) -> None:
    answer = world.call(_LIST, metricAttributionArn=attribution(world).arn)
    expect.equal("the metrics", [METRIC], answer["metrics"])


@case(_LIST, "effect", reference="§23")
def one_that_was_added_is_listed(world: World, expect: Expect) -> None:
    with world.throwaway("MetricAttribution", **fresh(world, ATTRIBUTION)) as made:
        world.call("UpdateMetricAttribution", metricAttributionArn=made.arn, addMetrics=[_metric("more")])
        world.settled(made.arn)
        expect.equal("the metrics", ["more", "views"], _metrics(world, made.arn))


@case(_LIST, "paging", reference="§6")
def pages_have_everything_once(world: World, expect: Expect) -> None:
    names = [f"metric-{number}" for number in range(5)]
    given = {**fresh(world, ATTRIBUTION), "metrics": [_metric(name) for name in names]}
    with world.throwaway("MetricAttribution", **given) as made:
        page = world.call(_LIST, metricAttributionArn=made.arn, maxResults=2)
        expect.equal("entries of the first page", 2, len(page["metrics"]))
        expect.members("a page that is not the last", page, ["nextToken"])
        seen = [metric["metricName"] for metric in page["metrics"]]
        while "nextToken" in page:
            page = world.call(_LIST, metricAttributionArn=made.arn, maxResults=2, nextToken=page["nextToken"])
            seen += [metric["metricName"] for metric in page["metrics"]]
        expect.equal("all pages together", names, sorted(seen))


@case(_LIST, "error", error="InvalidNextTokenException", reference="§6")
def a_token_that_is_none(world: World, expect: Expect) -> None:
    call = world.calling(_LIST, metricAttributionArn=attribution(world).arn, nextToken="bm8gdG9rZW4=")
    expect.refused(call, code="InvalidNextTokenException")


@case(_LIST, "error", error=INVALID, reference="§6")
def of_what_is_no_arn(world: World, expect: Expect) -> None:
    expect.refused(world.calling(_LIST, metricAttributionArn="no-arn"), code=INVALID)
    call = world.calling(_LIST, metricAttributionArn=attribution(world).arn, maxResults=101)
    expect.refused(call, code=INVALID)


@case("UpdateMetricAttribution", "success", reference="§23")
def answers_with_the_attribution(world: World, expect: Expect) -> None:
    with world.throwaway("MetricAttribution", **fresh(world, ATTRIBUTION)) as made:
        answer = world.call("UpdateMetricAttribution", metricAttributionArn=made.arn, addMetrics=[_metric("more")])
        expect.equal("the answer", {"metricAttributionArn": made.arn}, answer)
        statuses = world.statuses(made.arn)
        expect.answer("the statuses of an update", statuses, chosen=["UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE"])


@case("UpdateMetricAttribution", "effect", reference="§23")
def what_was_removed_is_no_longer_listed(world: World, expect: Expect) -> None:
    given = {**fresh(world, ATTRIBUTION), "metrics": [_metric("one"), _metric("two")]}
    with world.throwaway("MetricAttribution", **given) as made:
        world.call("UpdateMetricAttribution", metricAttributionArn=made.arn, removeMetrics=["one"])
        world.settled(made.arn)
        expect.equal("the metrics", ["two"], _metrics(world, made.arn))


@case("UpdateMetricAttribution", "error", error="ResourceAlreadyExistsException", reference="§23")
def a_metric_that_is_there(world: World, expect: Expect) -> None:
    arn = attribution(world).arn
    call = world.calling("UpdateMetricAttribution", metricAttributionArn=arn, addMetrics=[METRIC])
    expect.refused(call, code="ResourceAlreadyExistsException")


@case("UpdateMetricAttribution", "error", error="ResourceInUseException", reference="§4.2")
def while_an_update_is_under_way(world: World, expect: Expect) -> None:
    with world.throwaway("MetricAttribution", **fresh(world, ATTRIBUTION)) as made:
        world.call("UpdateMetricAttribution", metricAttributionArn=made.arn, addMetrics=[_metric("one")])
        call = world.calling("UpdateMetricAttribution", metricAttributionArn=made.arn, addMetrics=[_metric("two")])
        expect.refused(call, code="ResourceInUseException")
        world.settled(made.arn)


@case("UpdateMetricAttribution", "error", error=INVALID, reference="§7, §23")
def metrics_that_are_none(world: World, expect: Expect) -> None:
    arn = attribution(world).arn
    many = [_metric(f"metric-{number}") for number in range(11)]
    for metrics in ([_metric("sum", "SUM(Items.GENRES)")], [_metric("average", "AVERAGE(Items.PRICE)")], many):
        call = world.calling("UpdateMetricAttribution", metricAttributionArn=arn, addMetrics=metrics)
        expect.refused(call, code=INVALID)


@case("UpdateMetricAttribution", "error", error="ResourceNotFoundException", reference="§2.1")
def an_arn_of_nothing(world: World, expect: Expect) -> None:
    absent = world.absent(group(world).arn).replace(":dataset-group/", ":metric-attribution/")
    call = world.calling("UpdateMetricAttribution", metricAttributionArn=absent, addMetrics=[METRIC])
    expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")


_REFUSED: Final = {
    "a sum of what is no number": [_metric("sum", "SUM(Items.GENRES)")],
    "a sum of a column that is not there": [_metric("sum", "SUM(Interactions.COLOUR)")],
    "an expression that is none": [_metric("average", "AVERAGE(Interactions.EVENT_VALUE)")],
    "eleven metrics": [_metric(f"metric-{number}") for number in range(11)],
}


def _is_refused(metrics: list[Members]) -> Run:
    def run(world: World, expect: Expect) -> None:
        call = world.calling("CreateMetricAttribution", fresh(world, ATTRIBUTION), metrics=metrics)
        expect.refused(call, code=INVALID)

    return run


for _title, _refused in _REFUSED.items():
    case("CreateMetricAttribution", "rule", reference="§7, §23", title=f"{_title} is refused")(_is_refused(_refused))


@case("CreateMetricAttribution", "rule", reference="§2.2")
def a_group_has_one(world: World, expect: Expect) -> None:
    attribution(world)
    given = {**fresh(world, ATTRIBUTION), "datasetGroupArn": group(world).arn}
    expect.refused(world.calling("CreateMetricAttribution", given), code="ResourceAlreadyExistsException")


@case("DeleteDatasetGroup", "question", reference="§4.2")
def while_a_metric_attribution_is_in_it(world: World, expect: Expect) -> None:
    attribution(world)
    seen = outcome_of(world.calling("DeleteDatasetGroup", datasetGroupArn=group(world).arn))
    expect.answer("a group that has datasets and a metric attribution", seen, chosen="ResourceInUseException")
