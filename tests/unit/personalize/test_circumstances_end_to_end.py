"""Users' attributes and the context of requests, from CSV and PutUsers to answers, with the real training and model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tastemaker.cli.main import main
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.operations.recommendations import explained_recommendations
from tastemaker.personalize.runtime import Runtime
from tastemaker.personalize.service import Personalize
from tastemaker.testing import await_active
from tests.unit.personalize.solution_scene import avro, text
from tests.unit.testing.shop import BUCKET, ROLE, campaign_in, group_of

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

KINDS, DEVICES, ITEMS = ("cat", "dog"), ("phone", "tv"), 16


EVENTS = avro(
    "Interactions",
    text("USER_ID"),
    text("ITEM_ID"),
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
)
USERS = avro("Users", text("USER_ID"), text("LIKES", categorical=True))


def events() -> str:
    """240 users of each kind turn to ten things of that kind, on a phone to phone-things and on a television others."""
    rng = np.random.default_rng(4)
    rows = ["USER_ID,ITEM_ID,TIMESTAMP,DEVICE"]
    for user in range(480):
        for step in range(10):
            device = DEVICES[int(rng.integers(2))]
            item = f"{KINDS[user % 2]}-{device}-{rng.integers(ITEMS)}"
            rows.append(f"user-{user},{item},{1_600_000_000 + step},{device}")
    return "\n".join(rows)


@pytest.fixture
def personalize(tmp_path: Path) -> Iterator[Personalize]:
    objects = MemoryObjects({})
    objects.store(BUCKET, "events.csv", events().encode())
    users = "\n".join(["USER_ID,LIKES", *(f"user-{user},{KINDS[user % 2]}" for user in range(480))])
    objects.store(BUCKET, "users.csv", users.encode())
    personalize = Personalize(objects=objects, data_dir=tmp_path)
    yield personalize
    personalize.close()


def imported(control: PersonalizeClient, group: str, kind: str, schema: str) -> str:
    made = control.create_schema(name=kind, schema=schema)["schemaArn"]
    dataset = control.create_dataset(name=kind, datasetGroupArn=group, schemaArn=made, datasetType=kind)["datasetArn"]
    await_active(control, dataset)
    file = {"Interactions": "events.csv", "Users": "users.csv"}[kind]
    job = control.create_dataset_import_job(
        jobName=kind, datasetArn=dataset, dataSource={"dataLocation": f"s3://{BUCKET}/{file}"}, roleArn=ROLE
    )["datasetImportJobArn"]
    await_active(control, job)
    return dataset


@pytest.mark.parametrize(
    "recipe", ["aws-user-personalization", "aws-user-personalization-v2", "aws-personalized-ranking"]
)
def test_a_new_user_gets_what_the_own_kind_likes_and_anybody_what_is_had_in_the_context(
    personalize: Personalize, recipe: str
) -> None:
    control, runtime = client(personalize, "personalize"), client(personalize, "personalize-runtime")
    group = group_of(control)
    imported(control, group, "Interactions", EVENTS)
    users = imported(control, group, "Users", USERS)
    put: Any = client(personalize, "personalize-events")
    newcomers = [{"userId": f"new-{kind}", "properties": json.dumps({"likes": kind})} for kind in KINDS]
    put.put_users(datasetArn=users, users=newcomers)
    campaign = campaign_in(control, group, recipe)
    catalogue = [f"{kind}-{device}-{n}" for n in range(ITEMS) for kind in KINDS for device in DEVICES]

    def answer(user_id: str, **context: str) -> set[str]:
        """The first six, without their numbers."""
        asked: dict[str, Any] = {"campaignArn": campaign, "userId": user_id, "context": context}
        items: Any = (
            runtime.get_personalized_ranking(**asked, inputList=catalogue)["personalizedRanking"]
            if recipe == "aws-personalized-ranking"
            else runtime.get_recommendations(**asked)["itemList"]
        )
        return {item["itemId"].rpartition("-")[0] for item in items[:6]}

    for kind in KINDS:
        assert {name.partition("-")[0] for name in answer(f"new-{kind}")} == {kind}
        for device in DEVICES:
            assert answer(f"new-{kind}", DEVICE=device) == {f"{kind}-{device}"}
    for device in DEVICES:
        assert answer("user-0", DEVICE=device) == {f"cat-{device}"}
    assert answer("user-0", DEVICE="radio", device="tv") == answer("user-0")
    # who is put after the training is a stranger until the next one
    put.put_users(datasetArn=users, users=[{"userId": "late", "properties": json.dumps({"likes": "dog"})}])
    assert answer("late") == answer("stranger")


def test_an_explanation_says_what_the_circumstances_do(
    personalize: Personalize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    control = client(personalize, "personalize")
    group = group_of(control)
    imported(control, group, "Interactions", EVENTS)
    campaign = campaign_in(control, group, "aws-user-personalization")

    answer = explained_recommendations(
        personalize.account("123456789012", "us-east-1"),
        {"campaignArn": campaign, "userId": "user-0", "context": {"DEVICE": "tv"}, "numResults": 5},
        Runtime(),
    )

    assert all(item.circumstances > 1.1 for item in answer.items)
    assert answer.choice is not None
    # and so does the command, of what is kept
    asked = ["--data-dir", str(tmp_path), "--user", "user-0", "--context", "DEVICE=tv", "--num-results", "5"]
    assert main(["explain", "--json", *asked]) == 0
    told = json.loads(capsys.readouterr().out)["recommendations"]
    assert [(each["itemId"], each["circumstances"]) for each in told] == [
        (item.item_id, item.circumstances) for item in answer.items
    ]
