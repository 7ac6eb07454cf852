"""The routes that read, over HTTP, with true models, tables and functions behind them."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.local.conftest import Engine, Row

N_ITEMS = 40
ODD_ID = 'a, "quoted" \\ one 🎬'
ODD_TITLE = 'comma, "quote", back\\slash,\nnext line, \t tab, é 🎬 \u2028 </script>'
BARE_ID = "item-1"
ITEMS = [ODD_ID, *(f"item-{number}" for number in range(1, N_ITEMS))]


def events() -> list[Row]:
    return [
        (f"user-{user}", ITEMS[(user + step) % N_ITEMS], 1_700_000_000 + step, "View")
        for user in range(60)
        for step in range(20)
    ]


def products() -> list[dict[str, Any]]:
    """Every item but one, some with less than the others."""
    odd = {"itemId": {"S": ODD_ID}, "title": {"S": ODD_TITLE}, "price": {"N": "19.99"}, "score": {"N": "9"}}
    plain = [{"itemId": {"S": item}, "title": {"S": item.upper()}} for item in ITEMS if item not in (ODD_ID, BARE_ID)]
    return [odd, *plain]


def ask(engine: Engine, path: str, *, origin: str = "", **query: str) -> tuple[int, dict[str, str], Any]:
    """Status, headers by lower-case names and the body of an answer, whatever its status."""
    request = Request(f"{engine.cloud.api_url}{path}?{urlencode(query)}", headers={"origin": origin} if origin else {})
    try:
        answer = urlopen(request)
    except HTTPError as error:
        answer = error
    with answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, json.load(answer)


@pytest.fixture(scope="module")
def untrained(engine: Engine) -> dict[str, tuple[int, dict[str, str], Any]]:
    """What the routes answer before the first run."""
    return {
        "/health": ask(engine, "/health"),
        "/recommendations": ask(engine, "/recommendations", userId="user-1"),
        "/popular-items": ask(engine, "/popular-items"),
    }


@pytest.fixture(scope="module")
def live(engine: Engine, untrained: dict[str, Any]) -> Engine:
    """The engine after a run."""
    assert untrained
    engine.load(events())
    engine.cloud.seed_table(engine.outputs["ItemsTable"], products())
    run = engine.run("run-1")
    assert run["status"] == "SUCCEEDED", run.get("cause")
    return engine


@pytest.fixture(scope="module")
def without_campaign(live: Engine) -> Engine:
    """The engine after somebody has deleted its campaigns; tests that need it come last."""
    personalize = live.cloud.client("personalize")
    for campaign in personalize.list_campaigns()["campaigns"]:
        personalize.delete_campaign(campaignArn=campaign["campaignArn"])
    return live


@pytest.mark.parametrize("path", ["/health", "/recommendations", "/popular-items"])
def test_before_the_first_run_there_is_nothing_to_fall_back_to(
    untrained: dict[str, tuple[int, dict[str, str], Any]], path: str
) -> None:
    status, headers, body = untrained[path]
    assert (status, body["error"]["code"]) == (503, "notReady")
    assert headers["cache-control"] == "no-store"


def test_details_come_from_the_table_to_the_json_as_they_are(live: Engine) -> None:
    _, _, body = ask(live, "/recommendations", userId="user-1", count="100")
    by_id = {item["itemId"]: item for item in body["recommendations"]}
    assert body["source"] == "personalize"
    assert by_id.keys() == set(ITEMS)
    assert (by_id[ODD_ID]["title"], by_id[ODD_ID]["price"]) == (ODD_TITLE, 19.99)
    assert by_id[ODD_ID].get("score") != 9, "the table's attribute is not Personalize's score"


def test_an_item_that_the_table_lacks_is_recommended_without_details(live: Engine) -> None:
    _, _, body = ask(live, "/popular-items", count="100")
    by_id = {item["itemId"]: item for item in body["recommendations"]}
    assert by_id[BARE_ID] == {"itemId": BARE_ID}
    assert by_id["item-2"] == {"itemId": "item-2", "title": "ITEM-2"}


def test_popular_items_may_be_kept_a_minute_by_each_page(live: Engine) -> None:
    status, headers, body = ask(live, "/popular-items", origin="http://localhost:3000", count="3")
    assert (status, len(body["recommendations"]), body["source"]) == (200, 3, "personalize")
    assert (headers["cache-control"], headers["vary"]) == ("public, max-age=60", "origin")
    assert headers["access-control-allow-origin"] == "http://localhost:3000"


def test_health_names_the_run_that_published(live: Engine) -> None:
    status, headers, body = ask(live, "/health")
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert body["status"] == "ok"
    assert body["routes"] == ["popular-items", "recommendations", "similar-items"]
    assert body["filters"] == ["in-category", "not-purchased"]
    assert body["runId"]
    assert body["publishedAt"] > 1_700_000_000


def test_the_openapi_document_describes_this_deployment(live: Engine) -> None:
    status, headers, body = ask(live, "/openapi.json")
    assert (status, headers["cache-control"]) == (200, "public, max-age=3600")
    OpenAPIV31SpecValidator(body).validate()
    assert body["info"]["title"] == "example-shop"
    assert {"/recommendations", "/similar-items", "/popular-items", "/events", "/health"} <= body["paths"].keys()
    for path in [path for path, methods in body["paths"].items() if "get" in methods]:
        assert ask(live, path, userId="u")[0] in (200, 400)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/recommendations", {}, "invalidUserId"),
        ("/recommendations", {"userId": "u", "count": "0"}, "invalidCount"),
        ("/recommendations", {"userId": "u", "filter": "unseen"}, "invalidFilter"),
        ("/similar-items", {"userId": "u"}, "invalidItemId"),
        ("/popular-items", {"count": "101"}, "invalidCount"),
        ("/popular-items", {"userId": "u"}, "unknownParameter"),
        ("/health", {"a": "b"}, "unknownParameter"),
        ("/openapi.json", {"a": "b"}, "unknownParameter"),
    ],
)
def test_a_bad_request_is_told_what_to_mend(live: Engine, path: str, query: dict[str, str], code: str) -> None:
    status, headers, body = ask(live, path, **query)
    assert (status, body["error"]["code"]) == (400, code)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert body["error"]["message"]


def test_a_route_that_there_is_not_is_not_found(live: Engine) -> None:
    assert ask(live, "/rankings", itemId="item-2")[0] == 404


def test_when_the_campaign_is_gone_popular_items_answer_and_say_so(without_campaign: Engine) -> None:
    status, headers, body = ask(without_campaign, "/recommendations", userId="user-1", count="3")
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert (body["userId"], body["source"], len(body["recommendations"])) == ("user-1", "popular", 3)
    popular = ask(without_campaign, "/popular-items", count="3")[2]
    assert body["recommendations"] == popular["recommendations"]
    assert "recommendationId" not in body
