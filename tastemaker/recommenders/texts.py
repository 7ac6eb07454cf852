"""What texts are about: weighted words, brought to a few dimensions."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.item_vectors import singular_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The runs of letters and digits of any script, in lower case."""
    return _WORD.findall(text.lower())


def weighted_words(texts: Sequence[str]) -> csr_array:
    """(n_texts, n_words): (1 + log tf) (1 + log((1 + n) / (1 + df))), rows of length 1; words in order.

    tf: how often the word is in the text; df: the number of texts that have it. Source: Salton and Buckley,
    "Term-weighting approaches in automatic text retrieval", 1988. A word of a single text relates it to no other and
    only lengthens its row.
    """
    from scipy.sparse import csr_array, diags_array

    counts = [Counter(words(text)) for text in texts]
    place = {word: column for column, word in enumerate(sorted(set().union(*counts)))}
    rows = np.repeat(np.arange(len(texts)), [len(counted) for counted in counts])
    columns = np.array([place[word] for counted in counts for word in counted], dtype=np.int64)
    tf = np.array([times for counted in counts for times in counted.values()], dtype=np.float64)
    df = np.bincount(columns, minlength=len(place))
    weight = (1 + np.log(tf)) * (1 + np.log((1 + len(texts)) / (1 + df[columns])))
    table = csr_array((weight, (rows, columns)), shape=(len(texts), len(place)))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return csr_array(diags_array(1 / np.maximum(lengths, 1e-12)) @ table)


def text_vectors(texts: Sequence[str], dimensions: int, *, seed: int) -> NDArray[np.float32]:
    """(n_texts, dimensions or fewer): `weighted_words` on their leading singular vectors, each row of length 1 or 0.

    Texts that share no word are near where others use their words together. Source: Deerwester et al., "Indexing by
    Latent Semantic Analysis", 1990. `seed` draws the start of the iteration.
    """
    table = weighted_words(texts)
    _, vectors = singular_vectors(table, dimensions, seed=seed)
    # of a handful of texts or words every dimension is kept
    reduced = np.asarray(table @ vectors) if min(table.shape) > dimensions else table.toarray()
    lengths = np.linalg.norm(reduced, axis=1, keepdims=True)
    return np.asarray(np.where(lengths > 1e-6, reduced / np.maximum(lengths, 1e-12), 0.0), dtype=np.float32)
