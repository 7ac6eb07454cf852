"""Recommenders: a domain's use cases, trained and served as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import already_exists, in_use
from tastemaker.personalize.kinds import DATASET_GROUP, RECOMMENDER
from tastemaker.personalize.operations.recommender_config import DEFAULTS, columns_of, use_case
from tastemaker.personalize.operations.recommender_training import begin_training, stop_training
from tastemaker.personalize.operations.registry import operation, register_describe, register_list
from tastemaker.personalize.operations.states import need_active, need_place, start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateRecommenderRequestTypeDef,
        DeleteRecommenderRequestTypeDef,
        StartRecommenderRequestTypeDef,
        StopRecommenderRequestTypeDef,
        UpdateRecommenderRequestTypeDef,
    )


@operation("CreateRecommender")
def create_recommender(here: AccountRegion, given: CreateRecommenderRequestTypeDef) -> Members:
    arn = here.arn(RECOMMENDER, given["name"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    need_active(group)
    recipe = use_case(here, given["recipeArn"], group)
    config = DEFAULTS | dict(given.get("recommenderConfig", {}))
    columns = columns_of(here, config, recipe, group)
    need_place(here, RECOMMENDER, most=here.quotas.recommenders, datasetGroupArn=group.arn)
    members = {
        "name": given["name"],
        "datasetGroupArn": group.arn,
        "recipeArn": recipe.arn,
        "recommenderConfig": config,
    }
    recommender = here.resources.add(RECOMMENDER, arn, members, tags=tags_of(given.get("tags")), worked=False)
    recommender.hidden["columns"] = columns
    begin_training(here, recommender)
    return {"recommenderArn": arn}


@operation("UpdateRecommender")
def update_recommender(here: AccountRegion, given: UpdateRecommenderRequestTypeDef) -> Members:
    """Members of the configuration that are not given stay as they are."""
    recommender = _at_rest(here, given["recommenderArn"], "ACTIVE")
    group = here.resources.get(DATASET_GROUP, recommender.members["datasetGroupArn"])
    config = recommender.members["recommenderConfig"] | dict(given["recommenderConfig"])
    columns = columns_of(here, config, BY_ARN[recommender.members["recipeArn"]], group)
    # columns that a dataset has gained since stay out until the configuration says otherwise
    retrains = "trainingDataConfig" in given["recommenderConfig"] and columns != recommender.hidden["columns"]
    now = here.clock.now()
    recommender.members["latestRecommenderUpdate"] = {"recommenderConfig": config, "creationDateTime": now}
    lifecycle.begin(recommender, lifecycle.UPDATE_RECOMMENDER, now=now, worked=not retrains)
    if retrains:
        stop_training(here, recommender)
        recommender.hidden["wanted"] = columns
        begin_training(here, recommender)
    return {"recommenderArn": recommender.arn}


@operation("StopRecommender")
def stop_recommender(here: AccountRegion, given: StopRecommenderRequestTypeDef) -> Members:
    recommender = _at_rest(here, given["recommenderArn"], "ACTIVE")
    stop_training(here, recommender)
    lifecycle.begin(recommender, lifecycle.STOP_RECOMMENDER, now=here.clock.now())
    return {"recommenderArn": recommender.arn}


@operation("StartRecommender")
def start_recommender(here: AccountRegion, given: StartRecommenderRequestTypeDef) -> Members:
    """The model is that from before the stop."""
    recommender = _at_rest(here, given["recommenderArn"], "INACTIVE")
    lifecycle.begin(recommender, lifecycle.START_RECOMMENDER, now=here.clock.now())
    return {"recommenderArn": recommender.arn}


@operation("DeleteRecommender")
def delete_recommender(here: AccountRegion, given: DeleteRecommenderRequestTypeDef) -> None:
    recommender = here.resources.get(RECOMMENDER, given["recommenderArn"])
    start_deletion(here, recommender)
    stop_training(here, recommender)
    recommender.members.pop("modelMetrics", None)


def _at_rest(here: AccountRegion, arn: str, status: str) -> Resource:
    recommender = here.resources.get(RECOMMENDER, arn)
    if state := lifecycle.under_way(recommender):
        raise in_use(arn, f"it is in {state}.")
    if recommender.status != status:
        raise in_use(arn, f"its status is {recommender.status}, and it has to be {status}.")
    return recommender


register_describe(RECOMMENDER)
register_list(RECOMMENDER, within=DATASET_GROUP)
