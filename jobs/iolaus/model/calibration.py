"""How sure a count makes us of a share: its upper bound, and its interval."""

from math import exp, lgamma, log, log1p, sqrt

NORMAL_95 = 1.959964  # standard deviations of a normal distribution that hold 95% of it


def upper_bound(published: int, groups: int, confidence: float = 0.95) -> float:
    """The share of groups that would be published, at most, if so many of so many were.

    Clopper and Pearson, The use of confidence or fiducial limits (Biometrika 1934): the share at which so few would be
    seen by chance with probability 1 - confidence. 1 if there is no group.

    >>> round(upper_bound(0, 2000), 5)
    0.0015
    """
    if published >= groups:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        seen = sum(exp(_log_binomial(groups, k, share)) for k in range(published + 1))
        low, high = (share, high) if seen > 1 - confidence else (low, share)
    return high


def interval(seen: int, of: int) -> tuple[float, float]:
    """The shares, lowest and highest, between which the true one lies with 95% confidence, if `seen` of `of` were.

    Wilson, Probable inference, the law of succession, and statistical inference (JASA 1927), equation 1. Unlike the
    textbook interval it stays between 0 and 1, and says something of few. From 0 to 1 if there is none.

    >>> [round(share, 3) for share in interval(9, 10)]
    [0.596, 0.982]
    """
    if of == 0:
        return 0.0, 1.0
    share, z2 = seen / of, NORMAL_95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = NORMAL_95 * sqrt(share * (1 - share) / of + z2 / (4 * of**2)) / (1 + z2 / of)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _log_binomial(n: int, k: int, share: float) -> float:
    """The natural logarithm of the probability of k of n."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log1p(-share)
