"""GetPersonalizedRanking: a list in a user's order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.personalize.scene import ARN, refused
from tests.unit.personalize.serving_world import NEW, ServingWorld, ids, numbered

V1, V2 = f"{ARN}:campaign/personalized-ranking", f"{ARN}:campaign/personalized-ranking-v2"
UNBOUGHT = f"{ARN}:filter/unbought"
LIST = numbered(7, 2, 11, 5)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingWorld]:
    shop = ServingWorld(tmp_path_factory.mktemp("shop"))
    shop.serve("aws-personalized-ranking")
    shop.serve("aws-personalized-ranking-v2")
    shop.serve("aws-user-personalization")
    shop.filter("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('Buy')", "unbought")
    shop.filter("INCLUDE ItemID WHERE Items.GENRE IN ('comedy')", "comedies")
    yield shop
    shop.personalize.close()


def test_scores_are_shares_of_the_list_in_the_models_proportions(shop: ServingWorld) -> None:
    ranked = shop.ranking(V1, LIST)

    everything = shop.answer(f"{ARN}:campaign/user-personalization", userId="ann", numResults=500)
    share = {item["itemId"]: item["score"] for item in everything}
    total = sum(share[item] for item in LIST)
    assert ids(ranked) == sorted(LIST, key=lambda item: -share[item])
    assert [item["score"] for item in ranked] == pytest.approx([share[i] / total for i in ids(ranked)], abs=1e-3)
    assert sum(item["score"] for item in ranked) == pytest.approx(1, abs=1e-6)


def test_one_item_has_all(shop: ServingWorld) -> None:
    assert shop.ranking(V1, ["item-07"]) == [{"itemId": "item-07", "score": 1.0}]


def test_what_the_model_does_not_know_comes_last_as_it_was_given(shop: ServingWorld) -> None:
    asked = ["zebra", "item-07", "aardvark", "item-02"]

    v1, v2 = shop.ranking(V1, asked), shop.ranking(V2, asked)

    assert ids(v1)[2:] == ids(v2)[2:] == ["zebra", "aardvark"]
    assert [item["score"] for item in v1[2:]] == [0.0, 0.0]
    assert not any("score" in item for item in v2[2:])
    assert sum(item["score"] for item in v1) == pytest.approx(1, abs=1e-6)
    assert ids(shop.ranking(V1, ["b", "a"])) == ["b", "a"]


def test_what_the_filter_refuses_is_removed(shop: ServingWorld) -> None:
    ranked = shop.ranking(V1, numbered(0, 1, 2, 3), filterArn=UNBOUGHT)

    assert sorted(ids(ranked)) == numbered(2, 3)
    assert sum(item["score"] for item in ranked) == pytest.approx(1, abs=1e-6)


def test_filters_hold_for_what_the_model_does_not_know(shop: ServingWorld) -> None:
    asked = ["item-03", "item-04", NEW[0], "nowhere"]

    assert ids(shop.ranking(V1, asked, filterArn=f"{ARN}:filter/comedies")) == ["item-03", NEW[0]]
    assert ids(shop.ranking(V1, ["nowhere"], filterArn=UNBOUGHT)) == ["nowhere"]


def test_of_an_item_that_is_given_twice_the_first_counts(shop: ServingWorld) -> None:
    assert shop.ranking(V1, [*LIST, *LIST]) == shop.ranking(V1, LIST)
    assert ids(shop.ranking(V1, ["y", "x", "y"])) == ["y", "x"]


def test_a_user_who_is_not_known_gets_what_is_popular_first(shop: ServingWorld) -> None:
    assert ids(shop.ranking(V1, LIST, user="nobody")) == numbered(2, 5, 7, 11)


def test_lists_have_an_end_and_a_beginning(shop: ServingWorld) -> None:
    with refused("InvalidInputException", "inputList is empty"):
        shop.ranking(V1, [])
    with refused("InvalidInputException", "501 items, and 500 is the most"):
        shop.ranking(V1, [f"i{number}" for number in range(501)])
    with refused("InvalidInputException", "51 items, and 50 is the most"):
        shop.ranking(V2, [f"i{number}" for number in range(51)], metadataColumns={"ITEMS": ["GENRE"]})
    assert len(shop.ranking(V1, [f"i{number}" for number in range(500)])) == 500


def test_metadata_come_along(shop: ServingWorld) -> None:
    ranked = shop.ranking(V2, ["item-03", "nowhere"], metadataColumns={"ITEMS": ["GENRE"]})

    assert ranked[0]["metadata"] == {"genre": "comedy"}
    with refused("InvalidInputException", V1, "enableMetadataWithRecommendations"):
        shop.ranking(V1, ["item-03"], metadataColumns={"ITEMS": ["GENRE"]})


def test_other_recipes_do_not_rank(shop: ServingWorld) -> None:
    with refused("InvalidInputException", "USER_PERSONALIZATION", "GetPersonalizedRanking"):
        shop.ranking(f"{ARN}:campaign/user-personalization", LIST)
    with refused("ResourceNotFoundException", "campaign/none", status=404):
        shop.ranking(f"{ARN}:campaign/none", LIST)


def test_an_event_changes_the_next_ranking(tmp_path: Path) -> None:
    shop = ServingWorld(tmp_path)
    campaign = shop.serve("aws-personalized-ranking")
    before = shop.ranking(campaign, LIST, user="visitor")

    shop.stream("item-07", "item-08", user="visitor")

    assert shop.ranking(campaign, LIST, user="visitor") != before
    assert shop.ranking(campaign, LIST, user="somebody else") == before
    shop.personalize.close()
