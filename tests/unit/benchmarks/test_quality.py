"""The benchmark of quality on files whose right answers are known, with the processes that it really starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contenders import PEERS, Contender
from benchmarks.peers.exchange import Answers
from benchmarks.quality import main
from benchmarks.quality_draws import Measured
from benchmarks.quality_limits import LIMITS, short
from tastemaker.evaluation import Evaluation
from tastemaker.evaluation.judged import Judged


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """Sixty users who go round a ring of twelve items, one user a line: the next item is certain, and new."""
    path = tmp_path / "ring.txt"
    lines = []
    for user in range(60):
        walk = [f"i{(user + step) % 12:02d}" for step in range(8 + user % 3)]
        lines.append(" ".join([f"u{user:02d}", *walk]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_a_certain_next_item_is_found_by_the_recipe_and_not_by_popularity(
    ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--interactions", str(ring), "--draws", "2", "--peers", "none", "--json"]

    status = main([*words, "--recipes", "aws-user-personalization,aws-similar-items"])

    told = capsys.readouterr()
    report = json.loads(told.out)
    contenders = report["contenders"]
    assert status == 0
    assert "is read as one user a line" in told.err
    assert (report["protocol"], report["draws"]) == ("personalize", 2)
    assert [*contenders] == ["aws-user-personalization", "aws-similar-items", "popularity", "repeat-last"]
    ours, popular = contenders["aws-user-personalization"], contenders["popularity"]
    assert ours["metricsNewItems"]["mean_reciprocal_rank_at_25"]["mean"] == 1
    assert popular["metricsNewItems"]["mean_reciprocal_rank_at_25"]["mean"] < 0.7
    assert popular["timesAsGood"]["repeats removed"]["mean"] > 1.3
    assert ours["fitSeconds"] > popular["fitSeconds"] > 0
    assert ours["peakMegabytes"] > 0
    assert ours["latencyMilliseconds"]["p99"] >= ours["latencyMilliseconds"]["p50"] > 0


@pytest.mark.slow
def test_the_exit_status_says_whether_the_limits_hold(
    ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    luck = np.random.default_rng(1)
    noise = tmp_path / "noise.txt"
    noise.write_text("".join(f"u{n} {' '.join(map(str, luck.permutation(1_000)[: 8 + n % 3]))}\n" for n in range(200)))
    words = ["--protocol", "leave-one-out", "--peers", "none", "--recipes", "aws-user-personalization"]

    # NDCG@10 of 0.053 is ten times what guessing among a thousand items gets
    statuses = [main(["--interactions", str(path), *words, "--limits", "amazon-beauty"]) for path in (ring, noise)]

    assert statuses == [0, 1]
    assert capsys.readouterr().out.count("aws-user-personalization NDCG@10") == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--recipes", "aws-no-such"], "aws-no-such is none of"),
        (["--peers", "surprise"], "surprise is none of implicit, lenskit, none"),
        (["--draws", "0"], "one at least"),
        (["--limits", "movielens-1m"], "is about --protocol leave-one-out"),
        (["--limits", "movielens-small", "--recipes", "aws-sims"], "not measured: aws-user-personalization"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_trained(
    words: list[str], reason: str, ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--interactions", str(ring), *words])

    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_file_in_no_form_ends_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("a,b\n1,2\n")

    assert main(["--interactions", str(path), "--peers", "none"]) == 1
    assert "no form that is read here" in capsys.readouterr().err


def test_settings_are_tried_that_differ_and_none_is_empty() -> None:
    for contender in (each for peers in PEERS.values() for each in peers):
        settings = [tuple(each.items()) for each in contender.grid]
        assert len(set(settings)) == len(settings) > 1, contender.name


def test_an_own_contender_that_fails_stops_the_run_with_its_message(tmp_path: Path) -> None:
    broken = Contender("broken", "benchmarks.own_recipes:no_such_function")

    with pytest.raises(RuntimeError, match="broken ended with status 1"):
        broken.answers(tmp_path / "absent.npz", [{}], tmp_path / "work")


def _judged(keys: Sequence[str], value: float) -> Judged:
    """One request that every metric gives this value, but coverage, which is of one item in so many."""
    return Judged(
        user_ids=("u",),
        history_lengths=np.ones(1, dtype=np.int64),
        recommended=np.zeros((1, 1), dtype=np.int32),
        values={key: np.array([value]) for key in keys if key != "coverage"},
        coverage_key="coverage",
        catalogue_size=max(1, round(1 / value)),
        truth_request=np.zeros(0, dtype=np.int64),
        truth_item=np.zeros(0, dtype=np.int32),
        truth_found=np.zeros(0, dtype=np.bool_),
    )


def _measured(name: str, value: float, library: str = "", *, new: float = 0.0) -> Measured:
    keys = [
        "coverage",
        "mean_reciprocal_rank_at_25",
        *(
            f"{metric}_at_{cut}"
            for metric in ("normalized_discounted_cumulative_gain", "precision")
            for cut in (5, 10, 25)
        ),
    ]
    measured = Measured(name, library, {})
    for wobble in (0.99, 1.01):
        evaluation = Evaluation(_judged(keys, wobble * value), _judged(keys, wobble * (new or value)), fit_seconds=1.0)
        empty = np.empty((0, 25), dtype=np.int32)
        measured.add(evaluation, Answers(empty, empty, np.ones(3), fit_seconds=1.0, peak_megabytes=10.0))
    return measured


def test_the_limits_of_movielens_small_tell_what_is_missed() -> None:
    found = {
        each.name: each
        for each in (
            _measured("aws-user-personalization", 0.5, new=0.3),
            _measured("aws-similar-items", 0.2),
            _measured("aws-personalized-ranking", 0.2),
            _measured("popularity", 0.1),
            _measured("repeat-last", 0.4),
            _measured("implicit ALS", 0.1, "implicit", new=0.2),
            _measured("LensKit EASE", 0.1, "lenskit", new=0.25),
        )
    }

    missed = {figure.name for figure in LIMITS["movielens-small"].figures(found) if not figure.holds}

    # 0.5 / 0.4 is less than 1.3 times, 0.2 less than the real service's NDCG, and 0.3 / 0.25 less than 1.25 times
    assert missed == {
        "MRR@25, times repeat-last",
        "NDCG@25, times repeat-last",
        "precision@25, times repeat-last",
        "aws-similar-items NDCG@10",
        "aws-similar-items NDCG@25",
        "repeats removed: NDCG@25, times LensKit EASE, lower end",
    }


@pytest.mark.parametrize(
    ("metric", "heading"),
    [
        ("normalized_discounted_cumulative_gain_at_25", "NDCG@25"),
        ("mean_reciprocal_rank_at_25", "MRR@25"),
        ("mean_reciprocal_rank", "MRR"),
        ("ndcg_at_10", "NDCG@10"),
        ("hit_rate_at_10", "hit rate@10"),
        ("coverage", "coverage"),
    ],
)
def test_metrics_have_short_names(metric: str, heading: str) -> None:
    assert short(metric) == heading
