from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber

from lambdas.common.errors import InvalidError, RetryableError
from lambdas.train_model.training import Training
from tests.unit.lambdas.conftest import ACCOUNT

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

Personalize = tuple["PersonalizeClient", Stubber]
GROUP = ACCOUNT.personalize_arn("dataset-group/shop")
SOLUTION = ACCOUNT.personalize_arn("solution/shop-for-you")
RECIPE = "arn:aws:personalize:::recipe/aws-user-personalization-v2"


def training(personalize: Personalize) -> Training:
    return Training(personalize[0], account=ACCOUNT)


def test_a_solution_is_created_without_automatic_training(personalize: Personalize) -> None:
    personalize[1].add_client_error("describe_solution", "ResourceNotFoundException", "does not exist")
    personalize[1].add_response(
        "create_solution",
        {"solutionArn": SOLUTION},
        {
            "name": "shop-for-you",
            "datasetGroupArn": GROUP,
            "recipeArn": RECIPE,
            "performAutoTraining": False,
            "solutionConfig": {},
        },
    )
    arn = training(personalize).solution(name="shop-for-you", group_arn=GROUP, recipe_arn=RECIPE, config={})
    assert arn == SOLUTION


@pytest.mark.parametrize(
    ("has", "wanted", "refused"),
    [
        ({}, {}, None),
        ({"bptt": "32", "added": "by Personalize"}, {"bptt": "32"}, None),
        ({"recency_mask": "True"}, {"recency_mask": "true"}, None),
        ({"bptt": "32"}, {"bptt": "3"}, "{'bptt': '32'}"),
        ({}, {"bptt": "3"}, "its default"),
    ],
)
def test_a_solution_with_other_hyperparameters_is_refused(
    personalize: Personalize, has: dict[str, str], wanted: dict[str, str], refused: str | None
) -> None:
    solution = {"recipeArn": RECIPE, "solutionConfig": {"algorithmHyperParameters": has}}
    personalize[1].add_response("describe_solution", {"solution": solution}, {"solutionArn": SOLUTION})

    def make() -> str:
        config = {"algorithmHyperParameters": wanted} if wanted else {}
        return training(personalize).solution(name="shop-for-you", group_arn=GROUP, recipe_arn=RECIPE, config=config)

    if refused is None:
        assert make() == SOLUTION
    else:
        with pytest.raises(InvalidError, match=f"was made with .*{refused}.* give the model another name"):
            make()


def test_a_solution_with_another_recipe_is_refused_with_both_named(personalize: Personalize) -> None:
    personalize[1].add_response(
        "describe_solution", {"solution": {"recipeArn": "old-recipe"}}, {"solutionArn": SOLUTION}
    )
    with pytest.raises(InvalidError, match=f"old-recipe.*{RECIPE}.*another name"):
        training(personalize).solution(name="shop-for-you", group_arn=GROUP, recipe_arn=RECIPE, config={})


def test_a_version_is_named_by_the_run(personalize: Personalize) -> None:
    personalize[1].add_response(
        "create_solution_version",
        {"solutionVersionArn": f"{SOLUTION}/0a1b2c3d"},
        {"solutionArn": SOLUTION, "name": "shop-for-you-run-1"},
    )
    assert training(personalize).version(solution_arn=SOLUTION, run_id="run-1") == f"{SOLUTION}/0a1b2c3d"


def test_a_repeated_step_finds_its_own_version_and_trains_no_second(personalize: Personalize) -> None:
    personalize[1].add_client_error("create_solution_version", "ResourceAlreadyExistsException", "exists")
    personalize[1].add_response(
        "list_solution_versions",
        {"solutionVersions": [{"solutionVersionArn": f"{SOLUTION}/{suffix}"} for suffix in ("newer", "ours")]},
        {"solutionArn": SOLUTION},
    )
    for suffix, name in (("newer", "shop-for-you-run-2"), ("ours", "shop-for-you-run-1")):
        personalize[1].add_response(
            "describe_solution_version",
            {"solutionVersion": {"name": name}},
            {"solutionVersionArn": f"{SOLUTION}/{suffix}"},
        )
    assert training(personalize).version(solution_arn=SOLUTION, run_id="run-1") == f"{SOLUTION}/ours"


def test_too_many_trainings_at_once_wait_their_turn(personalize: Personalize) -> None:
    personalize[1].add_client_error("create_solution_version", "LimitExceededException", "More than 20")
    with pytest.raises(RetryableError, match="More than 20"):
        training(personalize).version(solution_arn=SOLUTION, run_id="run-1")


def test_the_metrics_are_personalizes_own(personalize: Personalize) -> None:
    personalize[1].add_response(
        "get_solution_metrics", {"metrics": {"coverage": 0.5}}, {"solutionVersionArn": f"{SOLUTION}/ours"}
    )
    assert training(personalize).metrics(f"{SOLUTION}/ours") == {"coverage": 0.5}
