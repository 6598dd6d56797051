"""When one person's change is more than that person's usual ups and downs.

For individuals only: the mean of a group moves far less by chance than any one person does.
"""

import numpy as np
from scipy import stats


def reference_change(
    cv_within: float, cv_assay: float = 0.0, level: float = 0.95
) -> tuple[float, float]:
    r"""Return the ratios beyond which one person's change is unusual.

    .. math:: \exp\left(\pm z \sqrt 2 \sigma\right), \qquad
              \sigma^2 = \log(1 + CV_I^2) + \log(1 + CV_A^2)

    Parameters
    ----------
    cv_within, cv_assay : float
        Coefficients of variation as fractions; leave the assay at 0 where the first holds it.
    level : float
        Share of changes by chance alone that stay inside.

    Returns
    -------
    tuple of float
        The fall and the rise, as ratios of the later to the earlier value: their product is 1,
        and on the per cent scale the rise is the larger.

    Notes
    -----
    Variances add on the log scale. Formulae that add squared coefficients of variation and take
    the logarithm afterwards differ by the product of the two squares, which is below one part in
    a hundred for the assays of this book.

    References
    ----------
    Fokkema et al. (2006), Clin Chem 52, 1602-1603.
    """
    sigma = np.sqrt(np.log1p(cv_within**2) + np.log1p(cv_assay**2))
    rise = float(np.exp(stats.norm.ppf((1 + level) / 2) * np.sqrt(2) * sigma))
    return 1 / rise, rise
