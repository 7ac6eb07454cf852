"""`tastemaker explain`: from a file and from what an endpoint keeps, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.cli.explanations import Report
from tastemaker.cli.main import main
from tastemaker.personalize.explaining import Cause, Event, ExplainedAnswer, ExplainedItem, Ranked
from tests.unit.personalize.scene import Scene
from tests.unit.personalize.shop_scene import GROUP, Shop, interactions
from tests.unit.recommenders.planted import cycles


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """Sixty users who walk round a ring of six items; u000 has had a, b, c, d and e, a minute apart."""
    log = cycles()
    users, items = log.user_ids[log.user], log.item_ids[log.item]
    rows = "".join(f"{u},{i},{t}\n" for u, i, t in zip(users, items, log.timestamp, strict=True))
    path = tmp_path / "events.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP\n" + rows, encoding="utf-8")
    return path


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["explain", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_file_is_trained_on_and_the_event_before_is_the_cause(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "--interactions", str(ring), "--user", "u000", "--num-results", "2")

    assert (found["userId"], found["source"], found["kind"]) == ("u000", "aws-user-personalization-v2", "history")
    assert [event["itemId"] for event in found["history"]] == list("abcde")
    assert found["history"][1]["timestamp"] == 60
    first = found["recommendations"][0]
    assert (first["rank"], first["itemId"], first["explored"]) == (1, "f", False)
    assert max(first["because"], key=lambda cause: cause["added"])["event"] == 4
    parts = first["base"] + first["repeats"] + sum(cause["added"] for cause in first["because"])
    assert first["value"] == pytest.approx(parts)
    assert found["choice"]["decays"] in ([0.5, 0.95], [0.3, 0.8])
    assert found["filter"] is None
    assert found["exploration"] == {"added": [], "displaced": []}


def test_people_read_titles_times_and_shares(ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = tmp_path / "items.csv"
    items.write_text("ITEM_ID,TITLE\n" + "".join(f"{i},Thing {i.upper()}\n" for i in "abcdef"), encoding="utf-8")

    arguments = ["--interactions", str(ring), "--items", str(items), "--user", "u000", "--num-results", "1"]
    assert main(["explain", *arguments]) == 0

    said = capsys.readouterr().out
    assert "from 5 events, the newest of 1970-01-01 00:04" in said
    assert "Its training chose decays 0.5 and 0.95, strength 1 and " in " ".join(said.split())
    assert "Thing F" in said
    assert "Thing E, 1970-01-01 00:04, " in said
    assert "%" in said


def test_of_a_user_who_is_not_known_it_is_said_that_everyone_unknown_gets_this(
    ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "--interactions", str(ring), "--user", "nobody", "--num-results", "1"]) == 0

    said = capsys.readouterr().out
    assert "knows no event of nobody: so it answers everyone" in said
    assert "no event: what everyone gets" in said


def test_a_recipe_of_texts_is_not_trained_without_texts(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--interactions", str(ring), "--user", "u000", "--recipe", "aws-semantic-similarity"]

    assert main(["explain", *arguments]) == 1
    assert "compares items by their texts: give --items" in capsys.readouterr().err


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a shop keeps that is running all the while: titles, a campaign and a filter with a placeholder."""
    folder = tmp_path_factory.mktemp("kept")
    shop = Shop(folder, types=["INTERACTIONS", "ITEMS"])
    # the scene's jobs have a folder of their own; an endpoint's are beside the resources
    (folder / "datasets").symlink_to(folder / "jobs" / "datasets")
    shop.load("INTERACTIONS", interactions())
    shop.load("ITEMS", "ITEM_ID,PRICE,TITLE\n" + "".join(f"item-{n},1,Title {n}\n" for n in range(40)))
    shop.campaign()
    made = shop.control.create_filter(
        name="without",
        datasetGroupArn=GROUP,
        filterExpression="EXCLUDE ItemID WHERE Items.TITLE IN ($TITLES)",
    )["filterArn"]
    Scene.until_active(lambda: shop.control.describe_filter(filterArn=made)["filter"])
    yield folder
    shop.personalize.close()


def test_what_is_kept_is_explained_with_the_ranks_that_the_filter_removed(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_user = ["--data-dir", str(data_dir), "--user", "user-3", "--num-results", "5"]
    plain = _json(capsys, *of_user)
    second, third = plain["recommendations"][1], plain["recommendations"][2]

    titles = f"TITLES={second['title']},{third['title']}"
    found = _json(capsys, *of_user, "--campaign", "live", "--filter", "without", "--values", titles)

    assert plain["filter"] is None
    assert plain["source"] == GROUP.replace("dataset-group/shop", "campaign/live")
    assert found["filter"] == {
        "removed": [
            {"itemId": each["itemId"], "title": each["title"], "rank": each["rank"]} for each in (second, third)
        ]
    }
    assert [each["itemId"] for each in found["recommendations"]][:3] == [
        plain["recommendations"][n]["itemId"] for n in (0, 3, 4)
    ]
    assert main(["explain", *of_user, "--filter", "without", "--values", titles]) == 0
    said = capsys.readouterr().out
    assert f"The filter removed 2 of those that would be first: {second['title']} (2.)" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--campaign", "dead"], "there is no campaign or recommender 'dead' in the data directory"),
        (["--filter", "none"], "there is no filter 'none'"),
        (["--filter", "without", "--values", 'TITLES="a'], "TITLES"),
    ],
)
def test_what_is_not_there_is_named(
    arguments: list[str], words: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "--data-dir", str(data_dir), "--user", "user-3", *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("tastemaker: ")
    assert words in said


def test_a_folder_that_no_endpoint_keeps_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--data-dir", str(tmp_path), "--user", "u"]) == 1
    assert "holds no Personalize" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "one of the arguments --data-dir --interactions is required"),
        (["--data-dir", "d", "--interactions", "f"], "not allowed with"),
        (["--data-dir", "d", "--recipe", "aws-sims"], "--recipe needs --interactions"),
        (["--interactions", "f", "--campaign", "live", "--filter", "f"], "--campaign and --filter need --data-dir"),
        (["--interactions", "f", "--recipe", "repeat-last"], "there is no recipe 'repeat-last'"),
        (["--data-dir", "d", "--values", "a=b"], "--values need a --filter"),
        (["--data-dir", "d", "--filter", "f", "--values", "a"], "'a' is no NAME=VALUE"),
        (["--data-dir", "d", "--num-results", "501"], "501 are too many"),
    ],
)
def test_wrong_usage_says_what_goes_with_what(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["explain", "--user", "u", *arguments])
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_exploration_and_what_was_had_are_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    def item(item_id: str, *causes: Cause, explored: bool = False, repeats: float = 0.0) -> ExplainedItem:
        return ExplainedItem(item_id, 0.1, None, explored, 1.0, 0.1, repeats, repeats / 2, causes, circumstances=1.4)

    answer = ExplainedAnswer(
        kind="history",
        history=(Event("a", 0), Event("b", 10**15)),
        items=(item("[b]", Cause(0, 0.2, 0.25), Cause(1, 0.4, 0.5)), item("a", repeats=0.8), item("n", explored=True)),
        displaced=(Ranked("c", 3),),
    )

    Report(user_id="u", source="live", answer=answer, labels={"n": "Novelty"}).print(Console(width=100))

    said = capsys.readouterr().out
    assert "[b]" in said
    assert said.index("b, 1000000000000000, 50%") < said.index("a, 1970-01-01 00:00, 25%")
    assert "had before, 40%" in said
    assert "× 1.40 for what is known of the user, and the context" in said
    assert "Exploration added 1: Novelty.\nWithout it there would be: c (3.)." in said


def test_of_a_user_without_events_whose_attributes_count_it_is_not_said_that_everyone_gets_this(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rich.console import Console

    item = ExplainedItem("a", 0.1, None, False, 0.2, 0.1, 0.0, 0.0, (), circumstances=2.0)
    answer = ExplainedAnswer(kind="everyone", history=(), items=(item,))

    Report(user_id="u", source="live", answer=answer, labels={}).print(Console(width=100))

    said = capsys.readouterr().out
    assert "live knows no event of u, but what u is like, or the context." in said
    assert "everyone" not in said


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """On a phone people turn to p items, and on a television to t items."""
    draw = np.random.default_rng(0)
    rows = [(f"u{n // 10:03d}", "pt"[draw.integers(2)]) for n in range(3_000)]
    lines = "".join(f"{user},{d}{draw.integers(30)},{n},{d},note {n}\n" for n, (user, d) in enumerate(rows))
    path = tmp_path / "events.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP,DEVICE,NOTE\n" + lines, encoding="utf-8")
    return path


def test_the_context_of_the_request_and_the_attributes_of_the_user_are_told(
    devices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = tmp_path / "users.csv"
    users.write_text("USER_ID,GROUP\n" + "".join(f"u{n:03d},{'ab'[n % 2]}\n" for n in range(300)), encoding="utf-8")
    arguments = ["--interactions", str(devices), "--users", str(users), "--user", "u000", "--num-results", "5"]

    for device in "pt":
        found = _json(capsys, *arguments, "--context", f"DEVICE={device}")
        assert {each["itemId"][0] for each in found["recommendations"]} == {device}
        assert all(each["circumstances"] > 1.2 for each in found["recommendations"])
    assert main(["explain", *arguments, "--context", "DEVICE=fridge"]) == 0
    assert "Of this value of DEVICE nothing was learned" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("field", "words"),
    [("MOOD=good", "has no column MOOD"), ("EVENT_VALUE=3", "EVENT_VALUE cannot be context"), ("NOTE=1", "NOTE of")],
)
def test_a_context_that_the_events_do_not_have_is_refused(
    devices: Path, field: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "--interactions", str(devices), "--user", "u000", "--context", field]) == 1

    assert words in capsys.readouterr().err
