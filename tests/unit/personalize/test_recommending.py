"""GetRecommendations of campaigns: promotions, metadata, reasons, scores and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.personalize.scene import ARN, refused
from tests.unit.personalize.serving_world import NEW, ServingWorld, ids, numbered

COMEDIES = "INCLUDE ItemID WHERE Items.GENRE IN ('comedy')"
DRAMAS = "INCLUDE ItemID WHERE Items.GENRE IN ('drama')"
NO_DRAMAS = "EXCLUDE ItemID WHERE Items.GENRE IN ('drama')"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingWorld]:
    """Campaigns of three recipes, shared by tests that only ask."""
    shop = ServingWorld(tmp_path_factory.mktemp("shop"))
    shop.serve("aws-popularity-count", enableMetadataWithRecommendations=True)
    shop.serve("aws-user-personalization")
    shop.serve("aws-user-personalization-v2")
    shop.serve("aws-similar-items")
    shop.serve("aws-personalized-ranking-v2")
    for name, expression in (("comedies", COMEDIES), ("dramas", DRAMAS), ("no-dramas", NO_DRAMAS)):
        shop.filter(expression, name)
    shop.filter("INCLUDE ItemID WHERE Items.GENRE IN ($G)", "genre")
    shop.filter("INCLUDE ItemID WHERE Items.PRICE < 3", "cheap")
    shop.filter("INCLUDE ItemID WHERE Items.PRICE > 31", "expensive")
    yield shop
    shop.personalize.close()


POPULAR, PERSONAL, V2 = (
    f"{ARN}:campaign/{name}" for name in ("popularity-count", "user-personalization", "user-personalization-v2")
)
SIMILAR, RANKING = f"{ARN}:campaign/similar-items", f"{ARN}:campaign/personalized-ranking-v2"


def promotion(filter_name: str = "comedies", percent: int = 30, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "sale", "percentPromotedItems": percent, "filterArn": f"{ARN}:filter/{filter_name}", **more}]


# --- promotions ---


def test_a_share_of_the_answer_is_promoted_and_keeps_its_order(shop: ServingWorld) -> None:
    answer = shop.answer(POPULAR, userId="ann", numResults=10, promotions=promotion())

    promoted = [item for item in answer if "promotionName" in item]
    assert [(item["itemId"], item["promotionName"]) for item in promoted] == [
        (item, "sale") for item in numbered(0, 3, 6)
    ]
    assert [item for item in ids(answer) if item not in ids(promoted)] == numbered(1, 2, 4, 5, 7, 8, 9)


@pytest.mark.parametrize(("k", "percent", "promoted"), [(10, 100, 10), (10, 4, 0), (10, 5, 1), (5, 50, 3), (4, 25, 1)])
def test_the_share_is_rounded_to_the_nearest_number_of_items(
    shop: ServingWorld, k: int, percent: int, promoted: int
) -> None:
    answer = shop.answer(POPULAR, userId="ann", numResults=k, promotions=promotion(percent=percent))

    assert len(answer) == k
    assert sum("promotionName" in item for item in answer) == promoted


def test_the_same_request_gets_the_same_places_and_others_get_others(shop: ServingWorld) -> None:
    def places(user: str) -> tuple[int, ...]:
        answer = shop.answer(POPULAR, userId=user, numResults=20, promotions=promotion())
        return tuple(place for place, item in enumerate(answer) if "promotionName" in item)

    assert places("ann") == places("ann")
    found = [places(f"user-{number}") for number in range(40)]
    assert len(set(found)) > 30
    everywhere = {place for each in found for place in each}
    assert len(everywhere) == 20  # not at the top alone, or at the end


def test_filters_of_the_request_and_of_the_promotion_do_not_apply_to_each_other(shop: ServingWorld) -> None:
    answer = shop.answer(
        POPULAR,
        userId="ann",
        numResults=6,
        filterArn=f"{ARN}:filter/no-dramas",
        promotions=promotion("dramas", 50),
    )

    assert [item["itemId"] for item in answer if "promotionName" in item] == numbered(0, 2, 4)
    assert [item["itemId"] for item in answer if "promotionName" not in item] == numbered(1, 3, 5)


def test_a_promotion_has_values_of_its_own(shop: ServingWorld) -> None:
    genre, values = f"{ARN}:filter/genre", {"G": '"drama"'}
    answer = shop.answer(
        POPULAR,
        userId="ann",
        numResults=4,
        filterArn=genre,
        filterValues={"G": '"comedy"'},
        promotions=promotion("genre", 50, filterValues=values),
    )

    assert [item["itemId"] for item in answer if "promotionName" in item] == numbered(0, 2)
    assert [item["itemId"] for item in answer if "promotionName" not in item] == numbered(3, 6)
    with refused("InvalidInputException", "$G"):
        shop.answer(POPULAR, userId="ann", filterArn=genre, filterValues=values, promotions=promotion("genre"))


def test_where_fewer_match_the_rest_of_the_answer_has_more(shop: ServingWorld) -> None:
    answer = shop.answer(POPULAR, userId="ann", numResults=10, promotions=promotion("cheap", 100))

    assert sorted(item["itemId"] for item in answer if "promotionName" in item) == numbered(0, 1, 2)
    assert [item["itemId"] for item in answer if "promotionName" not in item] == numbered(3, 4, 5, 6, 7, 8, 9)


@pytest.mark.parametrize("missing", ["name", "percentPromotedItems", "filterArn"])
def test_a_promotion_says_what_it_is(shop: ServingWorld, missing: str) -> None:
    (given,) = promotion()
    del given[missing]
    with refused("InvalidInputException", missing, "required"):
        shop.answer(POPULAR, userId="ann", promotions=[given])


@pytest.mark.parametrize("percent", [0, 101])
def test_a_share_is_from_one_to_a_hundred(shop: ServingWorld, percent: int) -> None:
    with refused("InvalidInputException", "percentPromotedItems"):
        shop.answer(POPULAR, userId="ann", promotions=promotion(percent=percent))


def test_there_is_one_promotion_at_most_and_its_filter_exists(shop: ServingWorld) -> None:
    with refused("InvalidInputException", "promotions"):
        shop.answer(POPULAR, userId="ann", promotions=promotion() * 2)
    with refused("ResourceNotFoundException", "filter/nothing", status=404):
        shop.answer(POPULAR, userId="ann", promotions=promotion("nothing"))


# --- metadata ---


def test_metadata_are_the_items_columns_as_text_under_camel_case_names(shop: ServingWorld) -> None:
    answer = shop.answer(POPULAR, userId="ann", metadataColumns={"ITEMS": ["PRICE", "GENRE", "TEXT", "N3"]})

    by_id = {item["itemId"]: item["metadata"] for item in answer}
    assert by_id["item-09"] == {"price": "9.99", "genre": "comedy", "text": "words", "n3": "1"}
    assert by_id["item-06"]["genre"] == "drama|comedy"
    assert "genre" not in by_id["item-01"]  # it has none


def test_items_without_a_record_have_no_metadata(shop: ServingWorld) -> None:
    answer = shop.answer(POPULAR, userId="ann", numResults=50, metadataColumns={"ITEMS": ["TEXT"]})

    by_id = {item["itemId"]: item.get("metadata") for item in answer}
    assert by_id["item-29"] in (None, {})
    assert by_id["new-0"] == {"text": 'a "new" one'}


def test_metadata_have_to_be_enabled_except_for_v2(shop: ServingWorld) -> None:
    columns = {"ITEMS": ["GENRE"]}
    with refused("InvalidInputException", PERSONAL, "enableMetadataWithRecommendations"):
        shop.answer(PERSONAL, userId="ann", metadataColumns=columns)

    assert "metadata" in shop.answer(V2, userId="ann", metadataColumns=columns)[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"metadataColumns": {"ITEMS": ["COLOUR"]}}, "no metadata column COLOUR"),
        ({"metadataColumns": {"ITEMS": ["ITEM_ID"]}}, "no metadata column ITEM_ID"),
        ({"metadataColumns": {"USERS": ["AGE"]}}, "USERS"),
        ({"metadataColumns": {"ITEMS": [f"N{number}" for number in range(11)]}}, "11 columns, and 10 is the most"),
        ({"metadataColumns": {"ITEMS": ["GENRE"]}, "numResults": 51}, "numResults is 51, and 50 is the most"),
        ({"numResults": 501}, "numResults is 501, and 500 is the most"),
    ],
)
def test_what_is_too_much_or_not_there_is_refused(shop: ServingWorld, given: dict[str, Any], words: str) -> None:
    with refused("InvalidInputException", words):
        shop.answer(POPULAR, userId="ann", **given)


def test_without_columns_there_are_no_metadata(shop: ServingWorld) -> None:
    assert "metadata" not in shop.answer(POPULAR, userId="ann", metadataColumns={"ITEMS": []})[0]


# --- how many, who, and what for ---


@pytest.mark.parametrize("given", [{}, {"numResults": 0}])
def test_there_are_twenty_five_unless_it_is_said(shop: ServingWorld, given: dict[str, Any]) -> None:
    assert len(shop.answer(POPULAR, userId="ann", **given)) == 25


def test_users_and_items_have_to_be_named_where_the_recipe_is_about_them(shop: ServingWorld) -> None:
    for campaign in (POPULAR, PERSONAL, V2):
        with refused("InvalidInputException", "userId is required"):
            shop.answer(campaign)
    with refused("InvalidInputException", "itemId is required"):
        shop.answer(SIMILAR, userId="ann")
    shop.answer(SIMILAR, itemId="item-00")


def test_a_recipe_that_ranks_does_not_recommend(shop: ServingWorld) -> None:
    with refused("InvalidInputException", "PERSONALIZED_RANKING", "GetRecommendations"):
        shop.answer(RANKING, userId="ann")


def test_unknown_users_and_items_get_what_is_popular(shop: ServingWorld) -> None:
    assert ids(shop.answer(PERSONAL, userId="nobody", numResults=3)) == numbered(0, 1, 2)
    assert ids(shop.answer(SIMILAR, itemId="nothing", numResults=3)) == numbered(0, 1, 2)


def test_exactly_one_of_campaign_and_recommender_is_asked(shop: ServingWorld) -> None:
    for given in ({}, {"campaignArn": POPULAR, "recommenderArn": f"{ARN}:recommender/r"}):
        with refused("InvalidInputException", "exactly one"):
            shop.runtime.get_recommendations(userId="ann", **given)  # type: ignore[arg-type] # some are of no use
    with refused("ResourceNotFoundException", f"{ARN}:recommender/r", status=404):
        shop.runtime.get_recommendations(userId="ann", recommenderArn=f"{ARN}:recommender/r")


def test_context_is_taken_whatever_it_says(shop: ServingWorld) -> None:
    answer = shop.answer(PERSONAL, userId="ann", context={"EVENT_TYPE": "View", "WEATHER": "rain"})

    assert answer == shop.answer(PERSONAL, userId="ann")


# --- scores and reasons ---


def test_scores_are_shares_of_the_whole_catalogue(shop: ServingWorld) -> None:
    answer = shop.answer(PERSONAL, userId="ann", numResults=500)

    scores = [item["score"] for item in answer]
    assert len(answer) == 33
    assert sum(scores) == pytest.approx(1, abs=1e-5)
    assert scores == sorted(scores, reverse=True)
    assert sum(item["score"] for item in shop.answer(PERSONAL, userId="ann", numResults=5)) < 1
    assert all(len(f"{score:.10f}".rstrip("0").partition(".")[2]) <= 7 for score in scores)


def test_recipes_without_scores_give_none(shop: ServingWorld) -> None:
    for answer in (shop.answer(POPULAR, userId="ann"), shop.answer(SIMILAR, itemId="item-00")):
        assert all("score" not in item for item in answer)


def test_v2_scores_what_somebody_has_had_and_fills_up_with_the_rest(shop: ServingWorld) -> None:
    answer = shop.answer(V2, userId="ann", numResults=500)

    scored, padding = answer[:30], answer[30:]
    assert sum(item["score"] for item in scored) == pytest.approx(1, abs=1e-5)
    assert all("reason" not in item for item in scored)
    assert ids(padding) == NEW
    assert all((item.get("score"), item["reason"]) == (None, ["Popular item"]) for item in padding)


def test_v2_fills_up_with_what_the_filter_lets_through(shop: ServingWorld) -> None:
    answer = shop.answer(V2, userId="ann", numResults=10, filterArn=f"{ARN}:filter/expensive")

    assert ids(answer) == ["item-28", *NEW]
    assert [item.get("reason") for item in answer] == [None, *[["Popular item"]] * 3]
    personal = shop.answer(PERSONAL, userId="ann", numResults=10, filterArn=f"{ARN}:filter/expensive")
    assert all(("score" in item, "reason" in item) == (True, False) for item in personal)


def test_v2_says_that_an_item_is_promoted(shop: ServingWorld) -> None:
    answer = shop.answer(V2, userId="ann", numResults=10, promotions=promotion())

    assert {tuple(item["reason"]) for item in answer if "promotionName" in item} == {("Promoted item",)}
    assert all("reason" not in item for item in answer if "promotionName" not in item)
    plain = shop.answer(PERSONAL, userId="ann", numResults=10, promotions=promotion())
    assert not any("reason" in item for item in plain)


def test_an_answer_has_an_id_under_which_it_is_remembered(shop: ServingWorld) -> None:
    answer = shop.runtime.get_recommendations(campaignArn=POPULAR, userId="ann", numResults=2)

    assert re.fullmatch(r"RID-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["recommendationId"])
    again = shop.runtime.get_recommendations(campaignArn=POPULAR, userId="ann", numResults=2)
    assert again["recommendationId"] != answer["recommendationId"]


# --- what changes ---


def test_asking_goes_on_during_an_update_of_the_campaign(tmp_path: Path) -> None:
    shop = ServingWorld(tmp_path)
    campaign = shop.serve("aws-popularity-count")
    shop.control.update_campaign(campaignArn=campaign, campaignConfig={"enableMetadataWithRecommendations": True})

    with refused("InvalidInputException", "enableMetadataWithRecommendations"):
        shop.answer(campaign, userId="ann", metadataColumns={"ITEMS": ["GENRE"]})
    assert ids(shop.answer(campaign, userId="ann", numResults=1)) == numbered(0)
    shop.clock.advance(60)
    assert shop.answer(campaign, userId="ann", metadataColumns={"ITEMS": ["GENRE"]})[0]["metadata"]
    shop.personalize.close()
