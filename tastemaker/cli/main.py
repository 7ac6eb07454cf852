"""The `tastemaker` command: what it can be asked, and what becomes of errors."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from tastemaker.cli.errors import CommandError

ENDPOINT_PORT = 4577
_RECIPE = "aws-user-personalization-v2"
_MOST_RESULTS = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """0 success, 1 failure, 2 wrong usage."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.command == "evaluate":
        # a default of what can be extended would be extended
        parsed.recipe = parsed.recipe or [_RECIPE]
    if parsed.command == "demo" and (parsed.items or parsed.users) and not parsed.interactions:
        parser.error("--items and --users need --interactions: the example shop has its own")
    if parsed.command == "explain" and (wrong := _out_of_place(parsed)):
        parser.error(wrong)
    # whoever asks to end lets what was started be cleaned up, as Ctrl-C does
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # a command imports what it needs, so that `--help` answers at once and the endpoint needs no CDK
        command = importlib.import_module(f"tastemaker.cli.{parsed.command}")
        return int(getattr(command, parsed.command)(parsed))
    except CommandError as error:
        sys.stderr.write(f"tastemaker: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("tastemaker: interrupted\n")
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)


def run() -> NoReturn:
    """The command as it is installed."""
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # all is closed; taking the demo's tables apart object by object would cost seconds more
    os._exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tastemaker",
        description="A recommendation engine on Amazon Personalize, and an embedded Personalize to run it on a laptop.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _demo(commands.add_parser("demo", help="run the whole engine on this machine", description=_DEMO))
    up = commands.add_parser("up", help="deploy the stacks on this machine and wait", description=_UP)
    _port(up, default=ENDPOINT_PORT)
    _endpoint(commands.add_parser("endpoint", help="only the AWS endpoint, for any SDK", description=_ENDPOINT))
    _evaluate(commands.add_parser("evaluate", help="measure recipes on your own events", description=_EVALUATE))
    _explain(commands.add_parser("explain", help="why a user gets what is recommended", description=_EXPLAIN))
    _conformance(
        commands.add_parser("conformance", help="ask whether an endpoint behaves as AWS does", description=_CONFORMANCE)
    )
    return parser


_DEMO = """Deploy the stacks of this checkout into an embedded cloud, load events into DynamoDB, run the state machine
(export, import, training, campaign), print metrics and recommendations, and serve the API until Ctrl-C."""
_UP = (
    """Deploy the stacks of this checkout into an embedded cloud and wait: load your own events, start your own runs."""
)
_ENDPOINT = """Serve Amazon Personalize (control plane, runtime and events), and the other AWS services that an engine
needs, on one port of this machine. No account, no credentials: point any AWS SDK at it."""
_EVALUATE = """Train recipes on one part of your events and measure them on the other, beside the baselines `popularity`
and `repeat-last`. Nothing is deployed. The same file and options give the same figures. Intervals are of 95 %. With the
protocol `personalize` and several seeds they are over the seeds (Student's t), each of which draws other users: with
three seeds they are wide. With one seed, and with `leave-one-out`, where every seed asks all users, they are over the
users, whose answers from several seeds are taken together; coverage, which is no mean over users, then has none.
Differences to popularity are taken request by request."""
_EXPLAIN = """Say why a user gets what is recommended: which events of the history count how much for each item, what
the filter removed and what exploration added. Either of a campaign in a folder that `tastemaker endpoint --data-dir`
keeps, which is only read, so that the endpoint may go on running; or of a model that is trained on a file of events."""
_CONFORMANCE = """Ask an endpoint, or Amazon Personalize itself, what is known of how Personalize behaves, and write
down every difference: of code, status, field and, as a hint, message. What a run makes is deleted at its end."""


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interactions",
        type=Path,
        metavar="FILE",
        help="your own events instead of the example shop's: CSV with USER_ID, ITEM_ID, TIMESTAMP (whole seconds since "
        "1970) and, if you like, EVENT_TYPE",
    )
    _metadata(parser)
    parser.add_argument("--once", action="store_true", help="end after the run; also where the output is no terminal")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, last; words go to stderr")
    _port(parser, default=0)


def _metadata(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--items",
        type=Path,
        metavar="FILE",
        help="what is known of items: CSV with ITEM_ID and columns of your own, whose kinds are told by their values "
        "and named; items without events are part of the catalogue",
    )
    parser.add_argument(
        "--users", type=Path, metavar="FILE", help="what is known of users: CSV with USER_ID and columns of your own"
    )


def _endpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: %(default)s, this machine only)"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="where Personalize keeps its resources, datasets and models (default: a temporary folder)",
    )
    parser.add_argument(
        "--fsync",
        action="store_true",
        help="have events on the disk before they are acknowledged: they outlive a loss of power, not only the process",
    )
    _port(parser, default=ENDPOINT_PORT)


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interactions",
        type=Path,
        required=True,
        metavar="FILE",
        help="events: CSV with USER_ID, ITEM_ID, TIMESTAMP (seconds since 1970) and, if you like, EVENT_TYPE; rows "
        "without an id or a time are left out and counted on stderr",
    )
    _metadata(parser)
    parser.add_argument(
        "--context",
        nargs="+",
        action="extend",
        metavar="FIELD",
        help="columns of the events that a request knows beforehand, for instance DEVICE; none that tells what came of "
        "the event, as a rating does",
    )
    parser.add_argument(
        "--recipe",
        nargs="+",
        action="extend",
        type=_recipe,
        metavar="RECIPE",
        help=f"what to train, by Personalize's names (default: {_RECIPE})",
    )
    parser.add_argument(
        "--protocol",
        choices=("personalize", "leave-one-out"),
        default="personalize",
        help="personalize: the newest tenth of the events of a tenth of the users is to be found, as in "
        "GetSolutionMetrics; leave-one-out: the last event of each user, among all items new to the user "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--seeds",
        type=_count,
        default=3,
        metavar="N",
        help="how many times to hold out and train, with the seeds 0 to N-1 (default: %(default)s)",
    )
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="write one HTML file as well, which opens offline: the tables, quality by history length and by item "
        "popularity, coverage, and a few users with what they were recommended; it names users and items of yours",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout; words go to stderr")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="ID", help="whose recommendations; one without events is new")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--data-dir", type=Path, metavar="FOLDER", help="what `tastemaker endpoint --data-dir` keeps")
    where.add_argument(
        "--interactions",
        type=Path,
        metavar="FILE",
        help="events: CSV with USER_ID, ITEM_ID, TIMESTAMP; all are trained on",
    )
    parser.add_argument(
        "--num-results", type=_results, default=10, metavar="N", help="how many items, up to 500 (default: %(default)s)"
    )
    parser.add_argument(
        "--context",
        nargs="+",
        action="extend",
        type=_field,
        metavar="FIELD=VALUE",
        help="what is so at the request, for instance DEVICE=phone: fields that the events have",
    )
    kept = parser.add_argument_group("of a kept campaign")
    kept.add_argument(
        "--campaign",
        metavar="NAME|ARN",
        help="the campaign or recommender to ask (default: the only one that recommends to users)",
    )
    kept.add_argument("--filter", metavar="NAME|ARN", help="the filter of the request")
    kept.add_argument(
        "--values",
        nargs="+",
        action="extend",
        type=_value,
        metavar="NAME=VALUE",
        help="the filter's placeholders; several values with commas between, for instance genre=comedy,drama",
    )
    trained = parser.add_argument_group("of a file of events")
    trained.add_argument(
        "--items", type=Path, metavar="FILE", help="what is known of items: CSV with ITEM_ID; a TITLE is shown"
    )
    trained.add_argument(
        "--users", type=Path, metavar="FILE", help="what is known of users: CSV with USER_ID and columns of your own"
    )
    trained.add_argument(
        "--recipe",
        type=_trained_recipe,
        default=_RECIPE,
        metavar="RECIPE",
        help="what to train (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, with all events of all items")


def _out_of_place(parsed: argparse.Namespace) -> str | None:
    """What of `explain` goes with the other of its two sources."""
    if parsed.data_dir is None:
        source, others = "--data-dir", {"campaign", "filter", "values"}
    else:
        source, others = "--interactions", {"items", "users", "recipe"}
    given = [f"--{name}" for name in sorted(others) if getattr(parsed, name) not in (None, _RECIPE)]
    if parsed.values and not parsed.filter:
        return "--values need a --filter"
    return f"{' and '.join(given)} need{'s' if len(given) == 1 else ''} {source}" if given else None


def _conformance(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--against", metavar="URL", help="the endpoint to ask, or `aws` for the AWS of your credentials")
    what.add_argument(
        "--compare", nargs=2, type=Path, metavar="FILE", help="say what differs between two runs that --record wrote"
    )
    parser.add_argument(
        "--level",
        choices=("control", "data", "training", "recommenders"),
        default="recommenders",
        help="how far to go, each with what is before it: control (resources alone), data (imports and events), "
        "training (models, campaigns, batch jobs), recommenders (those of domains); default: %(default)s",
    )
    parser.add_argument("--case", action="append", metavar="TEXT", help="only cases with this in their names")
    parser.add_argument("--region", default="us-east-1", help="the AWS region (default: %(default)s)")
    parser.add_argument("--bucket", help="an S3 bucket of yours for the files of the run; AWS needs it")
    parser.add_argument("--role-arn", metavar="ARN", help="a role by which Personalize reads and writes that bucket")
    parser.add_argument("--yes", action="store_true", help="AWS bills what the level costs")
    parser.add_argument("--clean-up", metavar="PREFIX", help="only delete what an earlier run left, which named PREFIX")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write every call and its answer, for --compare")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout; words go to stderr")


def _recipe(text: str) -> str:
    # who names a recipe trains it: only then are the models worth their import
    from tastemaker.cli.recipes import recipe_name

    return recipe_name(text)


def _trained_recipe(text: str) -> str:
    from tastemaker.cli.recipes import trained_recipe_name

    return trained_recipe_name(text)


def _value(text: str) -> tuple[str, str]:
    """A placeholder and its values as the API takes them, each in quotes."""
    name, equals, values = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name, values if values.startswith('"') else ",".join(f'"{value}"' for value in values.split(","))


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no FIELD=VALUE")
    return name, value


def _results(text: str) -> int:
    if (count := _count(text)) <= _MOST_RESULTS:
        return count
    raise argparse.ArgumentTypeError(f"{text} are too many: {_MOST_RESULTS} is the most that Personalize gives")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no count: a whole number from 1 on is")


def _port(parser: argparse.ArgumentParser, *, default: int) -> None:
    parser.add_argument(
        "--port",
        type=_port_number,
        default=default,
        help="the port of the AWS endpoint, 0 for any that is free (default: %(default)s)",
    )


def _port_number(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 0 to 65535 is")


if __name__ == "__main__":
    sys.exit(main())
