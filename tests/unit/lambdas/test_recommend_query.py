"""What a request may say, and what is said of one that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.http import HttpError
from lambdas.recommend.query import read
from lambdas.recommend.routes import served
from tests.unit.lambdas.serving import SETTINGS, shop

if TYPE_CHECKING:
    from botocore.stub import Stubber
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

RECOMMENDATIONS, SIMILAR, POPULAR = "/recommendations", "/similar-items", "/popular-items"
LONG = "x" * 501


@pytest.mark.parametrize(
    ("route", "query", "code", "said"),
    [
        (RECOMMENDATIONS, "", "invalidUserId", "userId is required and has 1 to 256 characters"),
        (RECOMMENDATIONS, "userId=", "invalidUserId", "userId has 1 to 256 characters"),
        (RECOMMENDATIONS, "userId=" + "u" * 257, "invalidUserId", "userId has 1 to 256 characters"),
        (RECOMMENDATIONS, "userId=u&userId=v", "invalidUserId", "given 2 times"),
        (RECOMMENDATIONS, "userId=%ff", "invalidQuery", "not UTF-8"),
        (RECOMMENDATIONS, "userId=u&cuont=3", "unknownParameter", "unknown parameter cuont; known are userId,"),
        (RECOMMENDATIONS, "userId=u&itemId=i", "unknownParameter", "itemId"),
        (SIMILAR, "userId=u", "invalidItemId", "itemId is required"),
        (SIMILAR, "itemId=", "invalidItemId", "itemId has 1 to 256 characters"),
        (POPULAR, "userId=u", "unknownParameter", "userId"),
        ("/health", "userId=u", "unknownParameter", "known are none"),
        ("/openapi.json", "a=b", "unknownParameter", "known are none"),
        (RECOMMENDATIONS, "userId=u&count=", "invalidCount", "count is a whole number from 1 to 100"),
        (RECOMMENDATIONS, "userId=u&count=0", "invalidCount", "from 1 to 100"),
        (SIMILAR, "itemId=u&count=101", "invalidCount", "from 1 to 100"),
        (POPULAR, "count=-1", "invalidCount", "from 1 to 100"),
        (POPULAR, "count=ten", "invalidCount", "from 1 to 100"),
        (POPULAR, "count=%C2%B2", "invalidCount", "from 1 to 100"),
        (POPULAR, "count=" + "9" * 5000, "invalidCount", "from 1 to 100"),
        (RECOMMENDATIONS, "userId=u&filter=new", "invalidFilter", "filter is one of unseen, category, priced"),
        (RECOMMENDATIONS, "userId=u&filter=cheaper", "invalidFilter", "is one of unseen, category, priced"),
        (POPULAR, "filter=unseen", "invalidFilter", "filter is one of category"),
        (SIMILAR, "itemId=i&filter=unseen", "invalidUserId", "the filter unseen asks what the user did or is"),
        (POPULAR, "filter=category", "invalidFilterValue", "the filter category needs filter.CATEGORY"),
        (RECOMMENDATIONS, "userId=u&filter=priced", "invalidFilterValue", "needs filter.LOW, filter.HIGH"),
        (POPULAR, "filter.CATEGORY=shoes", "invalidFilter", "filter.CATEGORY needs a filter"),
        (POPULAR, "filter=category&filter.LOW=1", "unknownParameter", "filter.LOW"),
        (
            RECOMMENDATIONS,
            "userId=u&filter=category&filter.CATEGORY=a&filter.LOW=1",
            "invalidFilterValue",
            "the filter category has no use for filter.LOW",
        ),
        (POPULAR, "filter=category&filter.CATEGORY=", "invalidFilterValue", "1 to 998 characters"),
        (POPULAR, "filter=category&filter.CATEGORY=12%22", "invalidFilterValue", "none of them a double quote"),
        (
            POPULAR,
            f"filter=category&filter.CATEGORY={LONG}&filter.CATEGORY={LONG}",
            "invalidFilterValue",
            "filter.CATEGORY is too long",
        ),
        (RECOMMENDATIONS, "userId=u&context.MOOD=good", "unknownParameter", "context.MOOD"),
        (RECOMMENDATIONS, "userId=u&context.DEVICE=", "invalidContext", "context.DEVICE has 1 to 1000 characters"),
        (SIMILAR, "itemId=i&context.DEVICE=phone", "unknownParameter", "context.DEVICE"),
    ],
)
def test_a_bad_request_is_told_at_the_door(
    runtime: tuple[PersonalizeRuntimeClient, Stubber], route: str, query: str, code: str, said: str
) -> None:
    reply = shop(runtime).get_raw(route, query)
    assert (reply.status, reply.code) == (400, code)
    assert said in reply.message
    assert len(reply.message) < 400


def test_what_the_function_does_not_know_is_404(runtime: tuple[PersonalizeRuntimeClient, Stubber]) -> None:
    reply = shop(runtime).get("/rankings")
    assert (reply.status, reply.code) == (404, "unknownRoute")


def text(longest: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=longest)


values = st.lists(text(60).filter(lambda value: '"' not in value), min_size=1, max_size=8)


@given(user=text(256), categories=values)
def test_any_text_comes_through_the_query_as_it_is(user: str, categories: list[str]) -> None:
    raw = urlencode({"userId": user, "filter": "category", "filter.CATEGORY": categories}, doseq=True)
    query = read(raw, served(SETTINGS)["GET /recommendations"], SETTINGS.filters)
    assert query.user_id == user
    # without quotes inside, the values can be told apart again
    assert query.filter_values["CATEGORY"][1:-1].split('","') == categories


@given(raw=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_whatever_the_query_is_it_is_read_or_refused_with_400(raw: str) -> None:
    for route in served(SETTINGS).values():
        try:
            query = read(raw, route, SETTINGS.filters)
        except HttpError as error:
            assert error.status == 400  # noqa: PT017  # most are refused, not all
        else:
            assert 1 <= query.count <= 100
