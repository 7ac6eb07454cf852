"""How good propensities of actions are, on users whose action interactions were not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.split import keyed
from tastemaker.recommenders.next_best_action import described, summaries_before
from tastemaker.recommenders.showings import DAY, Showings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders import ActionModel, Interactions


@dataclass(frozen=True, eq=False)
class ActionSplit:
    """`train` and `test`: the action interactions of nine tenths of the users, and of the others; the same actions."""

    train: Interactions
    test: Interactions


def action_split(action_interactions: Interactions, seed: int) -> ActionSplit:
    """Leave out a tenth of the users (at least one, rounded): those with the smallest keyed hashes of their ids."""
    n_users = len(action_interactions.user_ids)
    rank = np.argsort([keyed(seed, str(user_id)) for user_id in action_interactions.user_ids], kind="stable")
    chosen = np.zeros(n_users, dtype=np.bool_)
    chosen[rank[: min(n_users, max(1, round(n_users / 10)))]] = True
    return ActionSplit(action_interactions.of_users(~chosen), action_interactions.of_users(chosen))


def measure_actions(
    model: ActionModel, split: ActionSplit, interactions: Interactions, *, period: int
) -> dict[str, float]:
    """Personalize's metrics of a model that was trained on `split.train`.

    Judged are the showings (`Showings`) to the left-out users in the last `period` days, each by the propensity from
    what the user had done before it: `interactions` with items, of any users, and earlier actions.
    """
    showings = Showings.of(split.test, period=period)
    newest = int(showings.timestamp.max()) if len(showings) else 0
    showings = showings.where(showings.timestamp >= newest - period * DAY)
    user_ids = split.test.user_ids[showings.user]
    summaries = summaries_before(interactions, model.vectors, user_ids, showings.timestamp)
    propensities = model.propensities_of(showings.action.astype(np.int64), described(summaries, showings))
    return action_metrics(showings.action, propensities, showings.taken, model.rates)


def action_metrics(
    action: NDArray[np.int32], propensity: NDArray[np.float64], taken: NDArray[np.bool_], rates: NDArray[np.float64]
) -> dict[str, float]:
    """The four figures that Personalize reports for actions; rounded, in order of their keys.

    The first three (n,) describe showings. `rates` (n_actions,): how often each action is taken at all; 0 for those
    that have no propensity. An action counts as recommended where its propensity is above 0 and at least its rate. The
    guide leaves open from which propensity on it does; actions differ in how often they are taken, so no fixed one
    would do for all.

    - `area_under_the_curve`: of an action, how often a showing that was taken has a higher propensity than one that
      was not, equal ones half
    - `coverage`: actions with a propensity ÷ actions
    - `precision`: of an action, recommended and taken ÷ recommended
    - `recall`: of an action, recommended and taken ÷ taken

    All but coverage are means over the actions with a propensity that were both taken and not taken here; an action
    that is never recommended has precision 0. Source: "Evaluating an Amazon Personalize solution version with
    metrics", developer guide. All zero without actions.
    """
    precisions, recalls, areas = [], [], []
    for place in np.flatnonzero(rates > 0):
        mine = action == place
        chances, outcomes = propensity[mine], taken[mine]
        if outcomes.all() or not outcomes.any():
            continue
        recommended = (chances > 0) & (chances >= rates[place])
        correct = float((recommended & outcomes).sum())
        precisions.append(correct / max(1.0, float(recommended.sum())))
        recalls.append(correct / float(outcomes.sum()))
        areas.append(area_under_the_curve(chances, outcomes))
    figures = {
        "area_under_the_curve": float(np.mean(areas)) if areas else 0.0,
        "coverage": float((rates > 0).mean()) if len(rates) else 0.0,
        "precision": float(np.mean(precisions)) if precisions else 0.0,
        "recall": float(np.mean(recalls)) if recalls else 0.0,
    }
    return {key: round(value, 4) for key, value in figures.items()}


def area_under_the_curve(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """P(a positive's value > a negative's) + P(equal) / 2, the area under the ROC curve, by ranks.

    Source: Hanley and McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982. Both kinds must be there.
    """
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - (sizes - 1) / 2
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    above = float(middle[group[positive]].sum()) - n_positive * (n_positive + 1) / 2
    return above / (n_positive * n_negative)
