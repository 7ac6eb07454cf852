"""The recipes that Personalize lists: their types, hyperparameters and ARNs.

Which of them can be trained here is not written down here: it is what `tastemaker.recommenders` has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tastemaker.personalize.hyperparameters import BOOLEAN, SHARE, Choices, Integers, Numbers, Parameter

_ARN: Final = "arn:aws:personalize:::"
BUILT_IN_SINCE: Final = 1560124800.0
"""When the built-in objects say they were created, in seconds since the epoch."""


@dataclass(frozen=True)
class Recipe:
    """A built-in recipe. `settings` holds the featurisation, `parameters` the algorithm's hyperparameters."""

    name: str
    type: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    settings: tuple[Parameter, ...] = ()
    exploration: tuple[Parameter, ...] = ()
    influence: tuple[Parameter, ...] = ()
    domain: str | None = None
    legacy: bool = False
    algorithm: str | None = None
    transformation: str | None = None
    event_type: str | None = None
    """The events that a use case is trained on; None: all."""
    hides: str | None = None
    """The event type of the automatic filter: the user does not get the items of such events again."""
    datasets: tuple[str, ...] = ("INTERACTIONS",)
    """The types of the datasets that a use case cannot do without."""
    of_user: bool = True
    """Whether a use case is asked for a user even where its type is not."""

    @property
    def needs_user(self) -> bool:
        """Whether a request has to name the user, whatever its filter."""
        return self.of_user if self.domain is not None else self.type in _PERSONAL

    @property
    def needs_item(self) -> bool:
        return self.type == _RELATED

    @property
    def scored(self) -> bool:
        """Whether recommendations carry a score: no use case's do."""
        return self.domain is None and self.name not in _WITHOUT_SCORES

    @property
    def promotable(self) -> bool:
        """Whether a request may promote items."""
        return self.domain is not None or self.name in _PROMOTABLE

    @property
    def metadata_at_hand(self) -> bool:
        """Whether metadata can be asked for without having been enabled."""
        return self.name in _METADATA_AT_HAND

    @property
    def gives_reasons(self) -> bool:
        """Whether an answer says why an item is in it that is no ordinary recommendation."""
        return self.name == "aws-user-personalization-v2"

    @property
    def arn(self) -> str:
        return f"{_ARN}recipe/{self.name}"

    @property
    def algorithm_arn(self) -> str:
        return f"{_ARN}algorithm/{self.algorithm or self.name}"

    @property
    def transformation_arn(self) -> str:
        return f"{_ARN}feature-transformation/{self.transformation or self.name}"


_USERS, _RELATED, _POPULAR = "USER_PERSONALIZATION", "RELATED_ITEMS", "POPULAR_ITEMS"
_RANKING, _ACTIONS, _SEGMENTS = "PERSONALIZED_RANKING", "PERSONALIZED_ACTIONS", "USER_SEGMENTATION"
_PERSONAL: Final = frozenset({_USERS, _RANKING, _ACTIONS})
_WITHOUT_SCORES: Final = frozenset(
    {"aws-popularity-count", "aws-sims", "aws-similar-items", "aws-semantic-similarity", "aws-trending-now"}
)
_METADATA_AT_HAND: Final = frozenset(
    {"aws-user-personalization-v2", "aws-personalized-ranking-v2", "aws-semantic-similarity"}
)
_PROMOTABLE: Final = frozenset(
    {
        "aws-user-personalization",
        "aws-user-personalization-v2",
        "aws-similar-items",
        "aws-sims",
        "aws-trending-now",
        "aws-popularity-count",
    }
)


def _percentiles(of: str, low: str, high: str) -> tuple[Parameter, ...]:
    return (Parameter(f"min_{of}_percentile", low, SHARE), Parameter(f"max_{of}_percentile", high, SHARE))


def _network(hidden: str) -> tuple[Parameter, ...]:
    return (
        Parameter("hidden_dimension", hidden, Integers(32, 256), tunable=True),
        Parameter("bptt", "32", Integers(2, 32), tunable=True),
        Parameter("recency_mask", "True", BOOLEAN, tunable=True),
    )


_RECENCY = (Parameter("apply_recency_bias", "true", BOOLEAN),)
_HISTORY = _percentiles("user_history_length", "0.0", "0.99")
_AFFINITY = (Parameter("hidden_dimension", "149", Integers(32, 256)),)
_EXPLORATION = (
    Parameter("explorationWeight", "0.3", SHARE),
    Parameter("explorationItemAgeCutOff", "30.0", Numbers(1.0)),
)
_COLD_START = (
    Parameter("cold_start_max_interactions", "15", Integers(1, 1_000_000)),
    Parameter("cold_start_max_duration", "5.0", Numbers(0.0)),
    Parameter("cold_start_relative_from", "latestItem", Choices(("latestItem", "currentTime"))),
)

_CUSTOM: Final = (
    Recipe(
        "aws-user-personalization-v2",
        _USERS,
        "Predicts the items a user will interact with, from catalogues of up to 5 million items.",
        parameters=_RECENCY,
    ),
    Recipe(
        "aws-user-personalization",
        _USERS,
        "Predicts the items a user will interact with, and explores new ones.",
        parameters=_network("149"),
        settings=_HISTORY,
        exploration=_EXPLORATION,
    ),
    Recipe(
        "aws-hrnn",
        _USERS,
        "Predicts the items a user will interact with. Superseded by aws-user-personalization.",
        parameters=_network("43"),
        settings=_HISTORY,
        legacy=True,
        transformation="JSON-percentile-filtering",
    ),
    Recipe(
        "aws-hrnn-metadata",
        _USERS,
        "The same with metadata. Superseded by aws-user-personalization.",
        parameters=_network("43"),
        settings=_HISTORY,
        legacy=True,
        transformation="featurize_metadata",
    ),
    Recipe(
        "aws-hrnn-coldstart",
        _USERS,
        "The same with new items. Superseded by aws-user-personalization.",
        parameters=_network("149"),
        settings=_COLD_START + _HISTORY,
        legacy=True,
        transformation="featurize_coldstart",
    ),
    Recipe(
        "aws-popularity-count",
        _USERS,
        "Recommends the items that most users have interacted with.",
        transformation="sims",
    ),
    Recipe(
        "aws-trending-now",
        _POPULAR,
        "Recommends the items whose popularity grows fastest.",
        settings=(
            Parameter(
                "trend_discovery_frequency",
                "2 hours",
                Choices(("30 minutes", "1 hour", "2 hours", "3 hours", "1 day")),
            ),
        ),
        algorithm="aws-trending-now-custom",
    ),
    Recipe(
        "aws-personalized-ranking-v2",
        _RANKING,
        "Ranks a list of items for a user, from catalogues of up to 5 million items.",
        parameters=_RECENCY,
    ),
    Recipe(
        "aws-personalized-ranking",
        _RANKING,
        "Ranks a list of items for a user.",
        parameters=_network("149"),
        settings=_HISTORY,
        transformation="JSON-percentile-filtering",
    ),
    Recipe(
        "aws-similar-items",
        _RELATED,
        "Recommends items similar to one, by co-occurrence and metadata.",
        parameters=(
            Parameter("popularity_discount_factor", "0.0", SHARE),
            Parameter("item_id_hidden_dim", "100", Integers(30, 200), tunable=True, settable=False),
            Parameter("item_metadata_hidden_dim", "100", Integers(30, 200), tunable=True, settable=False),
        ),
    ),
    Recipe(
        "aws-sims",
        _RELATED,
        "Recommends items similar to one, by co-occurrence.",
        parameters=(
            Parameter("popularity_discount_factor", "0.5", SHARE, tunable=True),
            Parameter("min_cointeraction_count", "3", Integers(0, 10), tunable=True),
        ),
        settings=_percentiles("user_history_length", "0.005", "0.995")
        + _percentiles("item_interaction_count", "0.01", "0.9"),
        transformation="sims",
    ),
    Recipe(
        "aws-semantic-similarity",
        _RELATED,
        "Recommends items whose title and description mean similar things.",
        influence=(Parameter("POPULARITY", "0.0", SHARE), Parameter("FRESHNESS", "0.0", SHARE)),
    ),
    Recipe(
        "aws-next-best-action",
        _ACTIONS,
        "Predicts the actions a user will take.",
        settings=(Parameter("action_optimization_period", "14", Integers(7, 28)),),
    ),
    Recipe(
        "aws-item-affinity",
        _SEGMENTS,
        "Finds the users with most affinity to an item.",
        parameters=_AFFINITY,
        transformation="item-affinity",
    ),
    Recipe(
        "aws-item-attribute-affinity",
        _SEGMENTS,
        "Finds the users with most affinity to an attribute of items.",
        parameters=_AFFINITY,
        transformation="item-attribute-affinity",
    ),
)

_SHOP, _VIDEO = "ECOMMERCE", "VIDEO_ON_DEMAND"

_SHOP_USE_CASES: Final = (
    Recipe("aws-ecomm-popular-items-by-views", _POPULAR, "The most viewed items.", domain=_SHOP, event_type="View"),
    Recipe("aws-ecomm-popular-items-by-purchases", _POPULAR, "The best sellers.", domain=_SHOP, event_type="Purchase"),
    Recipe(
        "aws-ecomm-frequently-bought-together",
        _RELATED,
        "Items bought along with one.",
        domain=_SHOP,
        event_type="Purchase",
        of_user=False,
    ),
    Recipe(
        "aws-ecomm-customers-who-viewed-x-also-viewed",
        _RELATED,
        "Items viewed by those who viewed one.",
        domain=_SHOP,
        event_type="View",
        hides="Purchase",
    ),
    Recipe(
        "aws-ecomm-recommended-for-you",
        _USERS,
        "Items for a user.",
        domain=_SHOP,
        exploration=_EXPLORATION,
        hides="Purchase",
    ),
)
_VIDEO_USE_CASES: Final = (
    Recipe(
        "aws-vod-because-you-watched-x",
        _RELATED,
        "Videos watched by those who watched one.",
        domain=_VIDEO,
        event_type="Watch",
        hides="Watch",
    ),
    Recipe(
        "aws-vod-more-like-x",
        _RELATED,
        "Videos similar to one.",
        domain=_VIDEO,
        hides="Watch",
        datasets=("INTERACTIONS", "ITEMS"),
    ),
    Recipe("aws-vod-most-popular", _POPULAR, "The most watched videos.", domain=_VIDEO, event_type="Watch"),
    Recipe(
        "aws-vod-trending-now",
        _POPULAR,
        "Videos whose popularity grows fastest.",
        domain=_VIDEO,
        of_user=False,
    ),
    Recipe(
        "aws-vod-top-picks",
        _USERS,
        "Videos for a user.",
        domain=_VIDEO,
        exploration=_EXPLORATION,
        hides="Watch",
    ),
)

RECIPES: Final = tuple(sorted(_CUSTOM + _SHOP_USE_CASES + _VIDEO_USE_CASES, key=lambda recipe: recipe.name))
BY_ARN: Final = {recipe.arn: recipe for recipe in RECIPES}
BY_NAME: Final = {recipe.name: recipe for recipe in RECIPES}
