"""The likelihood of the two-level linear mixed model, with its exact derivatives.

y_g = X_g b + Z_g u_g + e_g with u_g ~ N(0, s^2 Psi) and e_g ~ N(0, s^2 I). Everything the
likelihood needs of a cluster is its sums of products of Z, X and y, so that one evaluation is
algebra on (G, q, q) arrays whatever the number of rows. s and b are profiled out (Bates, Maechler,
Bolker and Walker, 2015, Journal of Statistical Software 67(1)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.models.cluster_sums import add_by_cluster


@dataclass(frozen=True)
class Products:
    """Clusters' sums of products, from an orthonormal X and the residuals e of least squares.

    ``zz`` (G, q, q); ``zx`` (G, q, p); ``ze`` (G, q); ``ee`` the sum of squares; ``n`` rows;
    ``reml`` whether the likelihood is restricted.
    """

    zz: np.ndarray
    zx: np.ndarray
    ze: np.ndarray
    ee: float
    n: int
    reml: bool

    @property
    def p(self) -> int:
        """Columns of X."""
        return self.zx.shape[2]

    @property
    def m(self) -> int:
        """What the residual sum of squares is divided by."""
        return self.n - self.p if self.reml else self.n

    @property
    def typical_size(self) -> float:
        """Rows of the median cluster."""
        return float(np.median(self.zz[:, 0, 0]))


@dataclass(frozen=True)
class Point:
    """The likelihood at one Psi, in units of an orthonormal X.

    ``deviance`` is -2 log likelihood with b and s profiled out; ``information`` X'V^-1X (p, p) with
    its inverse; ``g`` the change of b from least squares; ``s2`` the residual variance;
    ``zz, zx, ze`` are Z'V^-1Z, Z'V^-1X and Z'V^-1r.
    """

    deviance: float
    information: np.ndarray
    inverse: np.ndarray
    g: np.ndarray
    s2: float
    zz: np.ndarray
    zx: np.ndarray
    ze: np.ndarray


def sum_by_cluster(
    Z: np.ndarray, Q: np.ndarray, e: np.ndarray, codes: np.ndarray, n_clusters: int, reml: bool
) -> Products:
    """The clusters' sums of products of Z (n, q), orthonormal Q (n, p) and residuals e (n,)."""
    n, q = Z.shape
    p = Q.shape[1]
    right = np.column_stack([Z, Q, e])
    columns = (Z[:, :, None] * right[:, None, :]).reshape(n, -1)
    sums = add_by_cluster(columns, codes, n_clusters).reshape(n_clusters, q, q + p + 1)
    return Products(sums[:, :, :q], sums[:, :, q : q + p], sums[:, :, -1], float(e @ e), n, reml)


def evaluate(products: Products, psi: np.ndarray) -> Point:
    """The likelihood at Psi (q, q)."""
    q = len(psi)
    inflation = np.eye(q) + products.zz @ psi
    right = np.concatenate([products.zz, products.zx, products.ze[:, :, None]], axis=2)
    inner = np.linalg.solve(inflation, right)
    zz, zx, ze = inner[:, :, :q], inner[:, :, q:-1], inner[:, :, -1]
    outer = psi @ inner[:, :, q:]
    cross = np.einsum("gij,gik->jk", right[:, :, q:], outer)
    information = np.eye(products.p) - cross[:-1, :-1]
    inverse = np.linalg.inv(information)
    g = -inverse @ cross[:-1, -1]
    left = products.ee - cross[-1, -1] + float(g @ cross[:-1, -1])
    log_det = np.linalg.slogdet(inflation)[1].sum()
    if products.reml:
        log_det += np.linalg.slogdet(information)[1]
    m = products.m
    s2 = left / m
    deviance = float(log_det + m * (1 + np.log(2 * np.pi * s2)))
    return Point(deviance, information, inverse, g, s2, zz, zx, ze - zx @ g)


def _derivatives(
    products: Products, point: Point, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Derivatives of the deviance by Psi along ``directions`` (k, q, q) and by s, s not profiled.

    Returns the gradient by Psi (q, q), the Hessian by (directions, s) (k + 1, k + 1), the
    derivatives of the covariance s^2 (X'V^-1X)^-1 (k + 1, p, p), and the gradient (k,).
    With P = V^-1 - V^-1 X (X'V^-1X)^-1 X'V^-1 and V_k = Z D_k Z' the first is tr(P V_k) -
    y'P V_k P y / s^2, the second -tr(P V_k P V_l) + 2 y'P V_k P V_l P y / s^2; without restriction
    V^-1 stands for P in the traces (Lindstrom and Bates, 1988, Journal of the American
    Statistical Association 83, 1014).
    """
    s2, s = point.s2, np.sqrt(point.s2)
    zz, zx, ze = point.zz, point.zx, point.ze
    seen = zx @ point.inverse @ zx.transpose(0, 2, 1)
    traced = zz - seen if products.reml else zz
    slope = traced.sum(axis=0) - ze.T @ ze / s2
    turned = ze @ directions  # (k, G, q), as directions are symmetric
    crossed = np.einsum("gip,kgir->kpr", zx, directions[:, None] @ zx)
    shifts = np.einsum("gip,kgi->kp", zx, turned)
    flat = np.einsum("gij,kjl->gkil", zz, directions)
    trace = np.einsum("gkij,glji->kl", flat, flat)
    if products.reml:
        lost = np.einsum("gij,kjl->gkil", seen, directions)
        trace -= 2 * np.einsum("gkij,glji->kl", flat, lost)
        spread = point.inverse @ crossed
        trace += np.einsum("kij,lji->kl", spread, spread)
    bent = np.einsum("kgi,gij,lgj->kl", turned, zz, turned) - shifts @ point.inverse @ shifts.T
    explained = np.einsum("kgi,gi->k", turned, ze)
    k = len(directions)
    hessian = np.empty((k + 1, k + 1))
    hessian[:k, :k] = 2 * bent / s2 - trace
    hessian[:k, k] = hessian[k, :k] = 2 * explained / (s2 * s)
    hessian[k, k] = 4 * products.m / s2
    changes = np.concatenate(
        [s2 * point.inverse @ crossed @ point.inverse, [2 * s * point.inverse]]
    )
    return slope, hessian, changes, np.einsum("kij,ij->k", directions, slope)


def evaluate_root(
    products: Products, root: np.ndarray, moves: np.ndarray
) -> tuple[Point, np.ndarray, np.ndarray, np.ndarray]:
    """Point, gradient and derivatives by moves (k, q, q) of a root of Psi, and by s."""
    half = moves @ root.T
    point = evaluate(products, root @ root.T)
    slope, hessian, changes, gradient = _derivatives(
        products, point, half + half.transpose(0, 2, 1)
    )
    hessian[:-1, :-1] += 2 * np.einsum("kia,ij,lja->kl", moves, slope, moves)
    return point, gradient, hessian, changes


def profile_out_s(hessian: np.ndarray) -> np.ndarray:
    """The Hessian by the root alone, s profiled out."""
    return hessian[:-1, :-1] - np.outer(hessian[:-1, -1], hessian[-1, :-1]) / hessian[-1, -1]


def left_within(products: Products) -> float:
    """Sum of squares that neither X nor effects of each cluster's own can tell."""
    right = np.concatenate([products.zx, products.ze[:, :, None]], axis=2)
    told = right.transpose(0, 2, 1) @ np.linalg.pinv(products.zz, 1e-10, hermitian=True) @ right
    left = np.diag(np.append(np.ones(products.p), products.ee)) - told.sum(axis=0)
    x, cross = left[:-1, :-1], left[:-1, -1]
    return float(left[-1, -1] - cross @ np.linalg.pinv(x, 1e-10, hermitian=True) @ cross)
