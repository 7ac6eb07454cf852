"""`tastemaker evaluate`: what is said where, and figures that come again."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pytest

from tastemaker.cli.events import read_csv
from tastemaker.cli.main import main
from tastemaker.cli.usable import usable_rows
from tastemaker.evaluation import PERSONALIZE, last_item
from tastemaker.recommenders import RECIPES, Popularity, SequenceRidge, SimilarItems
from tests.unit.recommenders.planted import cycles

HEADER = "USER_ID,ITEM_ID,TIMESTAMP\n"


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """Sixty users who walk round a ring of six items: what comes next is known."""
    log = cycles()
    users, items = log.user_ids[log.user], log.item_ids[log.item]
    rows = "".join(f"{u},{i},{t}\n" for u, i, t in zip(users, items, log.timestamp, strict=True))
    return _file(tmp_path, rows)


def _file(folder: Path, rows: str) -> Path:
    path = folder / "events.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["evaluate", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_json_has_the_usual_recipe_and_always_the_baselines(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "--interactions", str(ring), "--seeds", "2")

    assert list(found) == ["protocol", "seeds", "intervalsOver", "recipes"]
    assert (found["protocol"], found["seeds"], found["intervalsOver"]) == ("personalize", 2, "seeds")
    assert list(found["recipes"]) == ["aws-user-personalization-v2", "popularity", "repeat-last"]
    for name, quality in found["recipes"].items():
        assert list(quality) == ["metrics", "metricsNewItems", "choice", "fitSeconds"]
        assert list(quality["metrics"]) == list(quality["metricsNewItems"])
        parts = ["mean", "sd", "ci95"] + ["overPopularity"] * (name != "popularity")
        assert all(list(figure) == parts for figure in quality["metrics"].values())
    figure = found["recipes"]["aws-user-personalization-v2"]["metrics"]["mean_reciprocal_rank_at_25"]
    assert (figure["mean"], figure["sd"], figure["ci95"]) == (1.0, 0.0, [1.0, 1.0])


def test_what_each_training_chose_is_in_the_json_and_what_most_chose_below_the_tables(
    ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_users, of_items = "aws-user-personalization-v2", "aws-similar-items"
    arguments = ["--interactions", str(ring), "--recipe", of_users, of_items, "--seeds", "2"]

    found = {name: quality["choice"] for name, quality in _json(capsys, *arguments)["recipes"].items()}
    assert main(["evaluate", *arguments]) == 0
    said = " ".join(capsys.readouterr().out.split())

    splits = [PERSONALIZE.split(cycles(), seed) for seed in range(2)]
    models = [SequenceRidge().fit(split.train, seed=seed) for seed, split in enumerate(splits)]
    assert found[of_users] == [json.loads(json.dumps(model.choice.to_json())) for model in models]
    assert found[of_users][0] != found[of_users][1]
    assert [list(choice) for choice in found[of_items]] == [["blend", "tried"]] * 2
    assert found["popularity"] == found["repeat-last"] == []
    assert f"{of_users} chose {models[0].choice.in_words()}" in said
    assert f"{of_items} chose co-occurrence " in said


def test_the_figures_and_intervals_are_those_of_the_seeds_from_zero_on(
    ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _json(capsys, "--interactions", str(ring), "--recipe", "aws-similar-items", "--seeds", "4")

    key = "mean_reciprocal_rank_at_25"
    own, popular = (
        [
            PERSONALIZE.measure(r, PERSONALIZE.split(cycles(), n), seed=n, asked_with=last_item).metrics[key]
            for n in range(4)
        ]
        for r in (SimilarItems(), Popularity())
    )
    assert stdev(popular) > 0
    # Student's t of three degrees
    half = 3.182446 * stdev(popular) / 2
    assert found["recipes"]["popularity"]["metrics"][key] == {
        "mean": round(fmean(popular), 4),
        "sd": round(stdev(popular), 4),
        "ci95": pytest.approx([fmean(popular) - half, fmean(popular) + half], abs=0.51e-4),
    }
    apart = [a - b for a, b in zip(own, popular, strict=True)]
    half = 3.182446 * stdev(apart) / 2
    assert found["recipes"]["aws-similar-items"]["metrics"][key]["overPopularity"] == {
        "mean": round(fmean(apart), 4),
        "ci95": pytest.approx([fmean(apart) - half, fmean(apart) + half], abs=0.51e-4),
    }


@pytest.mark.parametrize("options", [["--seeds", "1"], ["--protocol", "leave-one-out", "--seeds", "2"]])
def test_of_one_seed_and_where_all_are_asked_intervals_are_over_users_and_coverage_has_none(
    options: list[str], ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _json(capsys, "--interactions", str(ring), "--recipe", "popularity", *options)

    assert found["intervalsOver"] == "users"
    for key, figure in found["recipes"]["popularity"]["metrics"].items():
        assert (figure["ci95"] is None) == key.startswith("coverage")
    reciprocal = next(v for k, v in found["recipes"]["popularity"]["metrics"].items() if "reciprocal" in k)
    assert reciprocal["ci95"][0] < reciprocal["mean"] < reciprocal["ci95"][1]


def test_leave_one_out_reports_the_textbook_metrics(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = "aws-user-personalization"
    found = _json(
        capsys, "--interactions", str(ring), "--recipe", recipe, "--protocol", "leave-one-out", "--seeds", "1"
    )

    assert found["protocol"] == "leave-one-out"
    # two items of the ring are new to each user, and all of them have had two thirds of the users or more
    assert {key: figure["mean"] for key, figure in found["recipes"][recipe]["metrics"].items()} == {
        "coverage_at_10": 1.0,
        "hit_rate_at_10": 1.0,
        "mean_reciprocal_rank": 1.0,
        "ndcg_at_10": 1.0,
        "novelty_at_10": 0.585,
    }


def test_items_without_events_are_in_the_catalogue_and_found_by_what_is_known_of_them(
    ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items, users = tmp_path / "items.csv", tmp_path / "users.csv"
    items.write_text("ITEM_ID,TITLE,KIND\n" + "".join(f"{i},T{i},{i in 'ace'}\n" for i in "abcdefgh"), encoding="utf-8")
    users.write_text("USER_ID,AGE\nu001,40\n,30\n", encoding="utf-8")
    arguments = ["--json", "--interactions", str(ring), "--recipe", "aws-similar-items", "--seeds", "1"]

    assert main(["evaluate", *arguments]) == 0
    alone = json.loads(capsys.readouterr().out)["recipes"]
    assert main(["evaluate", *arguments, "--items", str(items), "--users", str(users)]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)["recipes"]

    assert f"{items}: 8 rows; TITLE → text, KIND → categories" in said.err
    assert f"{users}: 1 rows; AGE → whole numbers" in said.err
    assert "Rows left out: 1. USER_ID is empty" in said.err
    # six of the ring, and two more in the file of items
    assert alone["popularity"]["metrics"]["coverage"]["mean"] == 1.0
    assert found["popularity"]["metrics"]["coverage"]["mean"] == 1.0
    assert found["aws-similar-items"]["metrics"]["mean_reciprocal_rank_at_25"]["mean"] == 1.0


def test_what_is_known_of_users_finds_what_their_history_does_not_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # everybody begins alike, and goes on with an item of the own group
    events, users = tmp_path / "events.csv", tmp_path / "users.csv"
    drawn = np.random.default_rng(0).integers(10, size=400).tolist()
    rows = [f"u{n},start,0\nu{n},{'ab'[n % 2]}{item},1" for n, item in enumerate(drawn)]
    events.write_text("\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]), encoding="utf-8")
    users.write_text("\n".join(["USER_ID,GROUP", *(f"u{n},{'ab'[n % 2]}" for n in range(400))]), encoding="utf-8")
    arguments = ["--json", "--interactions", str(events), "--recipe", "aws-user-personalization", "--seeds", "1"]

    found = []
    for more in ([], ["--users", str(users)]):
        assert main(["evaluate", *arguments, *more]) == 0
        figures = json.loads(capsys.readouterr().out)["recipes"]["aws-user-personalization"]["metrics"]
        found.append(figures["mean_reciprocal_rank_at_25"]["mean"])

    assert found[1] > 1.3 * found[0]


def test_a_model_of_related_items_is_asked_with_the_last_item_alone(
    ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _json(capsys, "--interactions", str(ring), "--recipe", "aws-similar-items", "--seeds", "2")

    # what follows on the ring is one step from the last item, and further from all the others
    metrics = found["recipes"]["aws-similar-items"]["metrics"]
    assert metrics["mean_reciprocal_rank_at_25"]["mean"] == 1.0


@pytest.mark.parametrize("protocol", ["personalize", "leave-one-out"])
def test_a_second_time_gives_the_same_metrics(protocol: str, ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--interactions", str(ring), "--recipe", "aws-user-personalization", "--protocol", protocol]

    first, second = (_json(capsys, *arguments) for _ in range(2))

    for found in (first, second):
        for quality in found["recipes"].values():
            del quality["fitSeconds"]
    assert first == second


def test_without_json_two_tables_are_on_stdout(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--interactions", str(ring), "--recipe", "popularity", "--seeds", "2"]) == 0

    said = capsys.readouterr()
    assert "personalize, events as imported, mean of 2 seeds" in said.out
    assert "personalize, repeats removed, mean of 2 seeds" in said.out
    assert "repeat-last" in said.out
    assert "95 % interval over seeds" in said.out
    assert "…" not in said.out
    assert said.err == ""


def test_several_recipes_may_follow_one_option_or_several(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = ["--recipe", "aws-popularity-count", "popularity", "--recipe", "aws-popularity-count"]

    found = _json(capsys, "--interactions", str(ring), *one, "--seeds", "1")

    assert list(found["recipes"]) == ["aws-popularity-count", "popularity", "repeat-last"]


def test_an_unknown_recipe_is_told_which_are_known(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "--interactions", str(ring), "--recipe", "aws-magic"])

    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "no recipe 'aws-magic'" in said
    assert all(name in said for name in [*RECIPES, "popularity", "repeat-last"])


@pytest.mark.parametrize(
    ("recipe", "what"),
    [
        ("aws-next-best-action", "recommends actions"),
        ("aws-item-affinity", "recommends users for items"),
        ("aws-item-attribute-affinity", "recommends users for items"),
    ],
)
def test_recipes_of_actions_and_users_are_said_to_be_measured_elsewhere(
    recipe: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "--interactions", "events.csv", "--recipe", recipe])

    assert end.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"{recipe} {what}, and only recipes that recommend items are measured here" in said
    assert "GetSolutionMetrics" in said


def test_a_recipe_of_texts_needs_texts(ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "--interactions", str(ring), "--recipe", "aws-semantic-similarity", "--seeds", "1"]
    items = tmp_path / "items.csv"
    items.write_text("ITEM_ID,KIND\n" + "".join(f"{i},{i in 'ace'}\n" for i in "abcdef"), encoding="utf-8")

    assert main(arguments) == 1
    assert "give --items a file with a title or description" in capsys.readouterr().err
    assert main([*arguments, "--items", str(items)]) == 1
    assert f"{items} has no column of texts" in capsys.readouterr().err


def test_a_recipe_of_texts_finds_what_is_written_alike(
    ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = tmp_path / "items.csv"
    # each text shares its last word with the next item's first one
    lines = [f"{i},part of {i} {j} chain" for i, j in zip("abcdef", "bcdefa", strict=True)]
    items.write_text("ITEM_ID,DESCRIPTION\n" + "\n".join(lines) + "\n", encoding="utf-8")

    found = _json(
        capsys,
        "--interactions",
        str(ring),
        "--recipe",
        "aws-semantic-similarity",
        "--seeds",
        "2",
        "--items",
        str(items),
    )["recipes"]

    key = "mean_reciprocal_rank_at_25"
    # the neighbours on the ring are what comes before and what comes next
    assert found["aws-semantic-similarity"]["metricsNewItems"][key]["mean"] == 1.0
    assert found["popularity"]["metricsNewItems"][key]["mean"] < 1.0


def test_several_recipes_are_named_together_or_one_by_one(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--interactions", str(ring), "--seeds", "1", "--recipe", "aws-sims", "--recipe", "aws-similar-items"]

    assert list(_json(capsys, *arguments)["recipes"])[:2] == ["aws-sims", "aws-similar-items"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--recipe", "popularity"],
        ["--interactions", "events.csv", "--recipe"],
        ["--interactions", "events.csv", "--recipe", "popularity", "--seeds", "0"],
        ["--interactions", "events.csv", "--recipe", "popularity", "--protocol", "guess"],
    ],
)
def test_wrong_usage_ends_with_status_2(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["evaluate", *wrong])

    assert end.value.code == 2


def test_unusable_rows_are_left_out_and_counted_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ",a,1\nu,,1\nu,a,soon\nu,a,\nu,a,1\nu,b,2\nv,a,1\nv,b,2\n"
    path = _file(tmp_path, rows)

    assert main(["evaluate", "--json", "--interactions", str(path), "--recipe", "popularity"]) == 0

    said = capsys.readouterr().err
    assert "Rows left out: 1. USER_ID is empty" in said
    assert "Rows left out: 1. ITEM_ID is empty" in said
    assert "Rows left out: 2. TIMESTAMP is no number of seconds since 1970" in said


@pytest.mark.parametrize(
    ("timestamp", "seconds"), [("0", 0), (" 7 ", 7), ("1.9", 1), ("1e3", 1000), ("99999999999", 99_999_999_999)]
)
def test_a_number_of_seconds_is_taken_and_its_fraction_cut_off(timestamp: str, seconds: int, tmp_path: Path) -> None:
    interactions, refused = usable_rows(read_csv(_file(tmp_path, f"u,a,{timestamp}\n")))

    assert interactions.timestamp.tolist() == [seconds]
    assert not refused


@pytest.mark.parametrize(
    "timestamp", ["-1", "100000000000", "NaN", "-sNaN", "inf", "1e999999", "9" * 5000, "2020-01-01"]
)
def test_times_before_1970_milliseconds_and_words_are_refused(
    timestamp: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path, f"u,a,{timestamp}\n")

    assert main(["evaluate", "--interactions", str(path), "--recipe", "popularity"]) == 1

    assert "no row to train on (1 rows: TIMESTAMP is no number of seconds since 1970)" in capsys.readouterr().err


def test_ids_that_personalize_would_refuse_are_left_out(tmp_path: Path) -> None:
    interactions, refused = usable_rows(read_csv(_file(tmp_path, f"{'u' * 257},a,1\nu,{'a' * 257},1\nu,a,1\n")))

    assert len(interactions) == 1
    assert refused.total() == 2


@pytest.mark.parametrize(
    ("rows", "words"), [("u,a,1\nv,a,1\n", "nobody to ask"), ("u,a,1\nu,b,2\n", "nothing to train on")]
)
def test_too_few_events_end_with_status_1_and_words(
    rows: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--json", "--interactions", str(_file(tmp_path, rows)), "--recipe", "popularity"]) == 1

    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_a_missing_file_ends_with_status_1_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--interactions", "none.csv", "--recipe", "popularity"]) == 1

    assert "none.csv does not exist" in capsys.readouterr().err


def test_columns_that_a_request_knows_are_learned_from_and_measured_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = np.random.default_rng(0)
    kinds = ["pt"[place] for place in draw.integers(2, size=2_000)]
    lines = "".join(f"u{n // 10:03d},{kind}{draw.integers(30)},{n},{kind}\n" for n, kind in enumerate(kinds))
    path = tmp_path / "events.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP,DEVICE\n" + lines, encoding="utf-8")
    arguments = ["--interactions", str(path), "--recipe", "aws-user-personalization-v2", "--seeds", "2"]

    quality = []
    for more in ([], ["--context", "DEVICE"]):
        assert main(["evaluate", "--json", *arguments, *more]) == 0
        said = capsys.readouterr()
        found = json.loads(said.out)["recipes"]["aws-user-personalization-v2"]
        quality.append(found["metrics"]["mean_reciprocal_rank_at_25"]["mean"])
        assert ("context DEVICE → categories" in said.err) == bool(more)

    assert quality[1] > 1.3 * quality[0]
