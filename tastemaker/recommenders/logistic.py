"""Logistic regression with a ridge, drawn to a rate that is known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RIDGE = 5.0
_IMAGINED = 10.0
_ITERATIONS = 50
_ENOUGH = 1e-8


def fit_logistic(features: NDArray[np.float64], taken: NDArray[np.bool_], *, rate: float) -> NDArray[np.float64]:
    """(1 + n_features,): the intercept b and weights w that minimise, over the rows x with outcome y,

        Σ log(1 + exp(b + w'x)) − y (b + w'x)  +  5/2 ‖w‖²  +  10 (log(1 + exp b) − r b)

    The last term is ten imagined outcomes of the overall rate r, between 0 and 1, at x = 0. By Newton's method: the sum
    is convex, and a step that does not lower it is halved.
    """
    with_one = np.column_stack([np.ones(len(features)), features])
    ridge = np.full(with_one.shape[1], _RIDGE)
    ridge[0] = 0.0
    weights = np.zeros(with_one.shape[1])
    weights[0] = np.log(rate / (1 - rate))

    def loss(at: NDArray[np.float64]) -> float:
        logits = with_one @ at
        imagined = _IMAGINED * (np.logaddexp(0, at[0]) - rate * at[0])
        return float(np.logaddexp(0, logits).sum() - logits[taken].sum() + ridge @ at**2 / 2 + imagined)

    least = loss(weights)
    for _ in range(_ITERATIONS):
        chance, at_mean = sigmoid(with_one @ weights), sigmoid(weights[:1])[0]
        gradient = with_one.T @ (chance - taken) + ridge * weights
        gradient[0] += _IMAGINED * (at_mean - rate)
        curvature = with_one.T @ (with_one * (chance * (1 - chance))[:, None]) + np.diag(ridge)
        curvature[0, 0] += _IMAGINED * at_mean * (1 - at_mean)
        step = np.linalg.solve(curvature, gradient)
        while (tried := loss(weights - step)) > least and np.abs(step).max() > _ENOUGH:
            step /= 2
        if np.abs(step).max() <= _ENOUGH:
            break
        weights, least = weights - step, tried
    return weights


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(−x)), for any x."""
    return np.asarray(np.exp(-np.logaddexp(0, -logits)), dtype=np.float64)
