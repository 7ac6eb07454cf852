"""How good the recipes are on any public data set, beside other libraries' models on the same splits.

.venv/bin/python -m benchmarks.quality --interactions FILE [--items FILE] [--protocol personalize|leave-one-out]
    [--draws N] [--recipes R,…] [--peers implicit,lenskit|none] [--k-core K] [--limits NAME] [--json]

FILE may be Personalize's CSV, MovieLens' ratings.csv, u.data or ratings.dat, Amazon's ratings_….csv, RecBole's .inter,
`user item` lines in order of time (SASRec), or `user item item …`, one user a line: the first lines tell, and which
form was taken is said. A rating is an interaction, whatever its value.

Protocols. personalize: Personalize's own; a tenth of the users is left out, and the newest tenth of their events is to
be found, by the metrics of GetSolutionMetrics. leave-one-out: everybody's last event is to be found among all items
that are new to the user; ranks beyond 25 count as not found. Each draw leaves out others (leave-one-out: breaks ties
of time otherwise).

Contenders. Our recipes with their default hyperparameters, the baselines popularity and repeat-last, and the models for
implicit feedback of `implicit` (ALS, BM25, BPR) and LensKit (ALS, item-kNN, EASE), whose settings are chosen from small
grids (benchmarks/contenders.py) by NDCG without repeats, on hold-outs of the first draw's training part: minutes before
the second draw, which --peers none spares. Each library is installed into .setup/peers/ on first use; LensKit brings
PyTorch, on Linux with CUDA's libraries: 2.5 GB of downloads, 5.6 GB on the disk. What does not install or cannot be
trained is left out, with the reason.

Each training and its requests, one user at a time, 25 items, have a process of their own: peak memory is what it took
beyond the loaded data and libraries. Times are medians over the draws (training) and percentiles over all requests.

Limits. With --limits the exit status is 1 where the named file's limits are missed; the figures of another file say
nothing about them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from benchmarks.contenders import BASELINE_CONTENDERS, PEERS, Contender, recipe
from benchmarks.figures import Figure, to_json, told
from benchmarks.k_core import k_core
from benchmarks.public_formats import detect
from benchmarks.quality_draws import PROTOCOLS, Contest
from benchmarks.quality_limits import LIMITS
from benchmarks.quality_report import Report, headline
from tastemaker.cli.attributes import read_attributes
from tastemaker.cli.errors import CommandError
from tastemaker.recommenders import RECIPES, Interactions

_RECIPES: Final = "aws-user-personalization,aws-similar-items,aws-personalized-ranking"
_DRAWS: Final = {"personalize": 10, "leave-one-out": 1}
_WIDTH: Final = 140


def main(words: list[str]) -> int:
    parser = _parser()
    arguments = parser.parse_args(words)
    contenders = _contenders(parser, arguments)
    draws = arguments.draws or _DRAWS[arguments.protocol]
    try:
        interactions = _read(arguments)
        with TemporaryDirectory(prefix="tastemaker-quality-") as directory:
            contest = Contest(arguments.protocol, interactions, arguments.items, draws, Path(directory))
            found, left_out = contest.run(contenders)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    report = Report(arguments.protocol, draws, found, left_out)
    limited = LIMITS[arguments.limits].figures({each.name: each for each in found}) if arguments.limits else []
    if arguments.json:
        sys.stdout.write(json.dumps({**report.to_json(), "limits": to_json(limited)}) + "\n")
        return _status(limited)
    console = Console(width=_WIDTH)
    sizes = len(interactions.user_ids), len(interactions.item_ids), len(interactions)
    console.print(headline(report, arguments.interactions.name, *sizes), end="\n\n", highlight=False)
    report.print(console)
    if limited:
        console.print()
        return told(limited, as_json=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=Path, required=True, metavar="FILE")
    parser.add_argument("--items", type=Path, metavar="FILE", help="attributes, Personalize's CSV with ITEM_ID")
    parser.add_argument("--protocol", choices=tuple(PROTOCOLS), default="personalize")
    parser.add_argument("--draws", type=int, metavar="N", help="default: 10, and 1 for leave-one-out")
    parser.add_argument(
        "--recipes", default=_RECIPES, help="the first is compared with all the others (default: %(default)s)"
    )
    parser.add_argument("--peers", default=",".join(PEERS), help="libraries, or none (default: %(default)s)")
    parser.add_argument("--k-core", type=int, metavar="K", help="drop users and items with fewer than K events first")
    parser.add_argument("--limits", choices=tuple(LIMITS), help="that the figures have to reach")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _contenders(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> list[Contender]:
    """Who is asked for; ends with status 2 where that makes no sense."""
    recipes = arguments.recipes.split(",")
    peers = [] if arguments.peers == "none" else arguments.peers.split(",")
    if unknown := sorted({*recipes} - {*RECIPES}):
        parser.error(f"--recipes: {', '.join(unknown)} is none of {', '.join(RECIPES)}")
    if unknown := sorted({*peers} - {*PEERS}):
        parser.error(f"--peers: {', '.join(unknown)} is none of {', '.join(PEERS)}, none")
    if arguments.draws is not None and arguments.draws < 1:
        parser.error("--draws: one at least")
    if arguments.limits:
        limits = LIMITS[arguments.limits]
        if arguments.protocol != limits.protocol:
            parser.error(f"--limits {arguments.limits} is about --protocol {limits.protocol}")
        if missing := [name for name in limits.recipes if name not in recipes]:
            parser.error(f"--limits {arguments.limits} is about recipes that are not measured: {', '.join(missing)}")
    others = [contender for library in peers for contender in PEERS[library]]
    return [*(recipe(name) for name in recipes), *BASELINE_CONTENDERS, *others]


def _read(arguments: argparse.Namespace) -> Interactions:
    form = detect(arguments.interactions)
    sys.stderr.write(f"{arguments.interactions.name} is read as {form.name}\n")
    interactions = form.read(arguments.interactions)
    if arguments.k_core:
        interactions = k_core(interactions, arguments.k_core)
        sys.stderr.write(f"{len(interactions):,} events are in the {arguments.k_core}-core\n")
    if len(interactions.user_ids) < 2:
        raise CommandError("fewer than two users are left: there is nobody to train on or nobody to ask")
    if arguments.items:
        interactions = interactions.with_items(read_attributes(arguments.items, "ITEM_ID").ids)
    return interactions


def _status(limited: list[Figure]) -> int:
    return 0 if all(each.holds for each in limited) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
