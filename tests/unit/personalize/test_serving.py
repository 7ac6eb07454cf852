"""What a campaign's configuration and the account's quotas do to the questions that its model is asked."""

from __future__ import annotations

import pytest

from tastemaker.personalize.quotas import Quotas
from tests.unit.personalize.scene import Scene, refused
from tests.unit.personalize.solution_scene import TEXTS, active, add_dataset, with_data


def test_influence_is_told_to_semantic_similarity_alone(shop: Scene) -> None:
    add_dataset(shop, "ITEMS", TEXTS)
    campaign = shop.campaign(shop.version(active(shop, "aws-semantic-similarity")))
    shop.control.update_campaign(campaignArn=campaign, campaignConfig={"rankingInfluence": {"FRESHNESS": 0.5}})
    shop.clock.advance(60)

    shop.runtime.get_recommendations(campaignArn=campaign, itemId="hat")

    assert shop.recommender.questions[-1].influence == {"FRESHNESS": 0.5}
    with refused("InvalidInputException", "rankingInfluence.POPULARITY", "less than or equal to 1"):
        shop.control.update_campaign(campaignArn=campaign, campaignConfig={"rankingInfluence": {"POPULARITY": 1.5}})


def test_other_recipes_have_no_influence(shop: Scene) -> None:
    version = shop.version(active(with_data(shop), "aws-similar-items"))

    with refused("InvalidInputException", "rankingInfluence is only for aws-semantic-similarity"):
        shop.campaign(version, campaignConfig={"rankingInfluence": {"FRESHNESS": 0.5}})


@pytest.mark.parametrize(
    "quotas",
    [Quotas(recommendations_per_second=2), Quotas(recommendations_per_second_and_campaign=2)],
)
def test_more_than_a_second_allows_are_throttled(quotas: Quotas) -> None:
    scene = Scene(quotas=quotas)
    version = scene.version()
    first, second = scene.campaign(version), scene.campaign(version, "other")

    def ask(campaign: str) -> None:
        scene.runtime.get_recommendations(campaignArn=campaign, userId="ann")

    for _ in range(2):
        ask(first)
    with refused("ThrottlingException", "Rate exceeded", status=429):
        ask(first)
    if quotas.recommendations_per_second is None:
        ask(second)
    scene.clock.advance(1)
    ask(first)
    scene.personalize.close()
