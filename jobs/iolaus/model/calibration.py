"""How sure a count of false positives makes us: the upper bound of a share."""

from math import exp, lgamma, log, log1p


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


def _log_binomial(n: int, k: int, share: float) -> float:
    """The natural logarithm of the probability of k of n."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log1p(-share)
