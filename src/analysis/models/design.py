"""A regression's rows as arrays: outcome, predictors with an intercept, cluster numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.models.cluster_sums import code_clusters, is_constant

INTERCEPT = "intercept"

#: What is left of a column after those before it, relative to its length, if it adds nothing.
COLLINEAR = 1e-9

#: With fewer clusters the variances between them, and what rests on these, are rough.
FEW_CLUSTERS = 20

Row = dict[str, object]

#: A sum of coefficients under a name of its own: term -> weight.
Contrasts = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Design:
    """Complete rows in an order that the order of arrival cannot change, clusters together.

    ``y`` (n,); ``X`` (n, p), a column of ones first; ``terms`` names its columns; ``extra`` (n, q)
    are further columns asked for; ``codes`` (n,) are cluster numbers 0 .. G - 1, sorted.
    """

    y: np.ndarray
    X: np.ndarray
    extra: np.ndarray
    terms: tuple[str, ...]
    codes: np.ndarray
    n_clusters: int

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)

    @property
    def starts(self) -> np.ndarray:
        """(G,) place of each cluster's first row."""
        return np.searchsorted(self.codes, np.arange(self.n_clusters))


def make_design(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    cluster: str,
    extra: Sequence[str] = (),
) -> Design:
    """The complete rows of ``frame``: ``outcome``, an intercept and the predictors, clusters.

    Raises ValueError for an absent column, a predictor named twice, or a missing cluster label.
    """
    if isinstance(predictors, str) or isinstance(extra, str):
        raise ValueError("predictors are given as a list of names, not as one name")
    absent = [name for name in (outcome, *predictors, cluster, *extra) if name not in frame]
    if absent:
        raise ValueError(f"the frame has no column {absent}; it has {list(frame.columns)}")
    if len(set(predictors)) != len(predictors):
        raise ValueError(f"a predictor is named twice: {list(predictors)}")
    codes, _ = code_clusters(frame[cluster])
    columns = [outcome, *predictors, *extra]
    values = np.column_stack(
        [frame[name].to_numpy(dtype=float, na_value=np.nan) for name in columns]
    )
    complete = np.isfinite(values).all(axis=1)
    values, codes = values[complete], codes[complete]
    order = np.lexsort((*values.T[::-1], codes))
    values = values[order]
    present, renumbered = np.unique(codes[order], return_inverse=True)
    p = 1 + len(predictors)
    X = np.column_stack([np.ones(len(values)), values[:, 1:p]])
    return Design(
        values[:, 0],
        X,
        values[:, p:],
        (INTERCEPT, *predictors),
        renumbered.reshape(-1),
        len(present),
    )


def find_collinear(X: np.ndarray, terms: Sequence[str]) -> list[str]:
    """The columns of X (n, p) that are sums of those before them."""
    lengths = np.sqrt((X**2).sum(axis=0))
    left = np.abs(np.diag(np.linalg.qr(X, mode="r")))
    return [
        term
        for term, rest, length in zip(terms, left, lengths, strict=True)
        if rest <= COLLINEAR * length
    ]


def why_not_regress(design: Design, fewest_clusters: int = 2) -> str:
    """Why a regression with errors for clusters cannot be made, or ''."""
    n, p = design.X.shape
    if design.n_clusters < fewest_clusters:
        return f"{_count(design.n_clusters, 'cluster')}: at least {fewest_clusters} are needed"
    if n <= p:
        return f"{_count(n, 'complete row')} for {_count(p, 'coefficient')}: too few"
    if is_constant(design.y[:, None])[0]:
        return "no variance in the outcome"
    flat = [
        term
        for term, constant in zip(design.terms[1:], is_constant(design.X[:, 1:]), strict=True)
        if constant
    ]
    if flat:
        return f"no variance in {_listed(flat)}"
    collinear = find_collinear(design.X, design.terms)
    if collinear:
        return f"collinear predictors: {_listed(collinear)} cannot be told from those before"
    return ""


def contrast_matrix(
    terms: Sequence[str], contrasts: Contrasts | None
) -> tuple[list[str], np.ndarray]:
    """Names and weights (k, p): every term by itself, then the contrasts.

    Raises ValueError for a contrast that names an unknown term or bears a term's name.
    """
    weights = dict(contrasts or {})
    for name, parts in weights.items():
        unknown = [term for term in parts if term not in terms]
        if unknown or name in terms:
            raise ValueError(f"contrast '{name}': its terms must be among {list(terms)}, it is not")
    rows = [[parts.get(term, 0.0) for term in terms] for parts in weights.values()]
    matrix = np.vstack([np.eye(len(terms)), *np.array(rows, dtype=float).reshape(-1, len(terms))])
    return [*terms, *weights], matrix


def caution(singular: bool, n_clusters: int) -> str:
    """What to say beside the numbers of a fit, or ''."""
    said = []
    if singular:
        said.append("singular fit: a variance between clusters is 0, or a correlation is 1 or -1")
    if n_clusters < FEW_CLUSTERS:
        said.append(f"only {n_clusters} clusters: the variances between them are rough")
    return "; ".join(said)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
