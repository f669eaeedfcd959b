#!/usr/bin/env python3
"""Small tables and what scikit-learn scores on them.

    pip install -r requirements.txt && python3 metrics.py > metrics.json
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn.metrics import (mean_absolute_error, mean_absolute_percentage_error, r2_score,
                             root_mean_squared_error)

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")  # r2_score of a single row


def case(name, actual, predicted):
    r2 = r2_score(actual, predicted)
    return {
        "name": name,
        "actual": [float(y) for y in actual],
        "predicted": [float(y) for y in predicted],
        "rmse": float(root_mean_squared_error(actual, predicted)),
        "mae": float(mean_absolute_error(actual, predicted)),
        "r2": None if np.isnan(r2) else float(r2),
        "mape": float(mean_absolute_percentage_error(actual, predicted)),
    }


random = np.random.RandomState(42)
prices = np.round(np.exp(random.normal(8.0, 0.5, 400)), 2)
guesses = np.round(prices * random.normal(1.0, 0.15, 400), 3)
cases = [
    case("prices", prices, guesses),
    case("perfect", prices[:5], prices[:5]),
    case("worse than the mean", [1.0, 2.0, 3.0], [30.0, -20.0, 10.0]),
    case("one row", [2.0], [1.5]),
    case("two rows", [2.0, 4.0], [2.5, 3.0]),
    case("equal labels, perfect", [3.0, 3.0, 3.0], [3.0, 3.0, 3.0]),
    case("equal labels, not perfect", [3.0, 3.0, 3.0], [3.0, 2.0, 3.5]),
    case("a label of zero", [0.0, 1.0, 2.0], [0.5, 1.0, 2.0]),
    case("a label below epsilon", [1e-17, 1.0, 2.0], [0.5, 1.5, 2.5]),
    case("negative labels", [-5.0, -1.0, 2.0, 8.0], [-4.0, -1.5, 2.5, 6.0]),
    case("large labels", [1e12, 3e12, 2e12], [1.1e12, 2.5e12, 2.2e12]),
    case("small differences", [1e6, 1e6 + 1e-3, 1e6 + 2e-3], [1e6, 1e6 + 2e-3, 1e6 + 1e-3]),
]
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
