"""The commands as their users type them, in processes of their own."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cloud.synthesis import ROOT

TASTEMAKER = Path(sys.executable).parent / "tastemaker"
PATIENCE_SECONDS = 240


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TASTEMAKER), *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """1,200 events of 60 users, and three rows that cannot be imported."""
    luck = random.Random(0)
    rows = [
        f'"user, \\"{user}\\"",item-{user % 3}-{luck.randrange(6)},{day * 86400}'
        for user in range(60)
        for day in range(20)
    ]
    path = tmp_path / "events.csv"
    path.write_text(
        "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows, ",item-0-1,1", "ann,,1", "ann,item-0-1,soon"]) + "\n"
    )
    return path


@pytest.mark.slow
def test_a_demo_of_ones_own_events_ends_by_itself_and_prints_one_json_object(events: Path) -> None:
    done = run("demo", "--json", "--interactions", str(events))
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert report["executionStatus"] == "SUCCEEDED"
    assert report["rows"] == {"interactions": 1200}
    assert report["eventEffect"] is None
    assert report["rejected"] == {"emptyUserId": 1, "empty": 1, "notANumber": 1}
    assert set(report["baselines"]) == {"popularity", "repeat-last"}
    assert {*report["phases"]} >= {"synth", "deploy", "load", "export", "import", "training", "campaign"}
    assert report["models"].keys() == {"for-you", "similar", "popular"}
    for model in report["models"].values():
        assert set(model["metrics"]) == set(report["baselines"]["popularity"])
    assert [len(sample["recommendations"]) for sample in report["samples"]] == [5, 5, 5]
    assert report["apiUrl"].startswith("http://127.0.0.1:")
    assert "Await training" in done.stderr


@pytest.mark.slow
def test_a_demo_of_ones_own_events_and_items_shows_what_events_change(events: Path, tmp_path: Path) -> None:
    """Three tastes, each with items enough to fill a list; users keep to theirs."""
    luck = random.Random(0)
    rows = [f"user-{u},{u % 3}-{luck.randrange(30)},{day * 86400}" for u in range(90) for day in range(20)]
    events.write_text("\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]) + "\n")
    items = tmp_path / "items.csv"
    titles = [f'{taste}-{n},"Title {taste}, \\"{n}\\"",taste {taste},{n}.5' for taste in range(3) for n in range(30)]
    items.write_text("\n".join(["ITEM_ID,TITLE,TASTE,PRICE", *titles]) + "\n")

    done = run("demo", "--json", "--interactions", str(events), "--items", str(items))

    assert done.returncode == 0, done.stderr
    assert "TITLE (text), TASTE (categories), PRICE (numbers)" in " ".join(done.stderr.split())
    report = json.loads(done.stdout)
    assert report["rows"] == {"interactions": 1800, "items": 90}
    effect = report["eventEffect"]
    assert effect["field"] == "taste"
    assert effect["shareAfter"] > effect["shareBefore"]
    assert effect["shareAfter"] > effect["controlShareAfter"]
    assert len(report["similarItems"]["similar"]) == 5


def test_items_without_interactions_are_wrong_usage(tmp_path: Path) -> None:
    done = run("demo", "--items", str(tmp_path / "items.csv"))
    assert done.returncode == 2
    assert "--items and --users need --interactions" in done.stderr


@pytest.mark.slow
def test_a_demo_whose_run_fails_says_why_and_ends_with_status_1(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP\n" + "".join(f"u{n % 9},i{n % 7},{n}\n" for n in range(999)))
    done = run("demo", "--once", "--json", "--interactions", str(path))
    report = json.loads(done.stdout)
    assert (done.returncode, report["executionStatus"]) == (1, "FAILED")
    assert "Dataset has fewer than 1000 interactions." in report["cause"]
    assert "Dataset has fewer than 1000 interactions." in done.stderr


@pytest.mark.parametrize("command", ["demo", "up", "endpoint"])
def test_a_port_in_use_is_told_with_the_remedy(command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(command, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "already in use" in done.stderr
    assert "choose another port" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_endpoint_says_how_to_reach_it_and_ends_on_ctrl_c() -> None:
    with subprocess.Popen(
        [str(TASTEMAKER), "endpoint", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert any(line.strip().startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:") for line in said)
    assert (process.returncode, errors) == (0, "")
