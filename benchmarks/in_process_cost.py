"""What an answer costs in process beyond what boto3 itself takes to ask and to read it."""

from __future__ import annotations

import random
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast

from benchmarks.shop_engine import RESULTS, Engine
from tastemaker.personalize.in_process import DEFAULT_ACCOUNT, DEFAULT_REGION, client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tastemaker.personalize.wire import WireRequest, WireResponse

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

_WARMING_UP = 300


def beyond_boto3(data_dir: Path, engine: Engine, requests: int) -> tuple[float, float]:
    """Milliseconds, medians: what the model in `data_dir` takes beyond boto3's own, and boto3's own.

    The same client with an answer that is ready beforehand stands for boto3's own. The two take turns, so that neither
    has the quieter machine.
    """
    personalize = Personalize(objects=MemoryObjects({}), data_dir=data_dir)
    try:
        canned = _Canned(_answer(personalize, engine))
        clients = (
            client(personalize, "personalize-runtime"),
            client(cast(Personalize, canned), "personalize-runtime"),
        )
        luck = random.Random(3)
        taken: tuple[list[float], list[float]] = ([], [])
        for turn in range(_WARMING_UP + requests):
            user = luck.choice(engine.users)
            for runtime, kept in zip(clients, taken, strict=True):
                milliseconds = _timed(runtime, engine, user)
                if turn >= _WARMING_UP:
                    kept.append(milliseconds)
    finally:
        personalize.close()
    whole, own = (median(each) for each in taken)
    return whole - own, own


def _answer(personalize: Personalize, engine: Engine) -> WireResponse:
    body = engine.question(engine.users[0], filtered=False)
    return personalize.handle(WireRequest("POST", "/recommendations", {}, body, DEFAULT_ACCOUNT, DEFAULT_REGION))


def _timed(runtime: PersonalizeRuntimeClient, engine: Engine, user: str) -> float:
    began = time.perf_counter()
    answer = runtime.get_recommendations(campaignArn=engine.campaign_arn, userId=user, numResults=RESULTS)
    milliseconds = (time.perf_counter() - began) * 1000
    assert len(answer["itemList"]) == RESULTS
    return milliseconds


class _Canned:
    """Answers everything alike, at once."""

    def __init__(self, answer: WireResponse) -> None:
        self._answer = answer

    def handle(self, _request: WireRequest) -> WireResponse:
        return self._answer
