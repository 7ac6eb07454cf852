"""What of an answer is explored: by the configuration of what is asked, and the ages of the current items."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.exploration import Exploration
from tastemaker.personalize.operations.filtering import attributes_of, dataset_arn
from tastemaker.personalize.operations.serving import Serving

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tastemaker.personalize.filters.attributes import Attributes
    from tastemaker.personalize.filters.overlaid import Overlaid

_CREATED: Final = "CREATION_TIMESTAMP"
_V2: Final = "aws-user-personalization-v2"
_V2_SHARE: Final = 0.001
_V2_DAYS: Final = 30.0
_SAME_SECONDS: Final = 3600.0
"""So long a user is shown the same explored items."""


def exploration(here: AccountRegion, serving: Serving, user_id: str | None) -> Exploration | None:
    """How the answer explores; None where it does not.

    With an explorationWeight of 1, new items have as many places as they have among all items; with less, so much less.
    aws-user-personalization-v2 chooses itself: one place in a thousand, for items of the last 30 days.
    """
    recipe, config = serving.recipe, serving.config.get("itemExplorationConfig") or {}
    settings = {parameter.name: config.get(parameter.name, parameter.default) for parameter in recipe.exploration}
    weight = float(settings.get("explorationWeight", 0))
    if recipe.name != _V2 and not weight:
        return None
    items = attributes_of(here, serving.group_arn, "ITEMS")
    return Exploration(
        share=(lambda _: _V2_SHARE) if recipe.name == _V2 else (lambda new: weight * new),
        days=_V2_DAYS if recipe.name == _V2 else float(settings["explorationItemAgeCutOff"]),
        seed=f"{serving.arn} {user_id} {here.clock.now() // _SAME_SECONDS}",
        created_since=None if items is None or items.schema.field(_CREATED) is None else _created_since(items),
        impressions=here.impressions.of(dataset_arn(here, serving.group_arn, "INTERACTIONS")),
        ages=items,
    )


def _created_since(
    items: Attributes | Overlaid,
) -> Callable[[NDArray[np.str_], float], tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    def created_since(catalogue: NDArray[np.str_], since: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        times, rows = items.column(_CREATED), items.rows(catalogue)
        return times.ordered(">=", since)[rows], times.ordered(">=", -math.inf)[rows]

    return created_since
