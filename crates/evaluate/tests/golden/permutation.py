#!/usr/bin/env python3
"""A table, a linear model, and scikit-learn's permutation importances of it.

    pip install -r requirements.txt && python3 permutation.py > permutation.json
"""
import json

import numpy as np
import sklearn
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

assert sklearn.__version__ == "1.9.1", sklearn.__version__
random = np.random.RandomState(3)
rows = 80
X = np.column_stack([
    random.randint(0, 2, rows),
    random.randint(0, 4, rows) * 4,
    np.round(random.uniform(1, 3, rows), 2),
    np.ones(rows),
    random.randint(0, 10, rows) == 0,
]).astype(float)
y = np.round(100 * X[:, 0] + 12 * X[:, 1] + 40 * X[:, 2] ** 2 + random.uniform(-20, 20, rows), 2)
model = LinearRegression().fit(X, y)
result = permutation_importance(model, X, y, scoring="neg_root_mean_squared_error", n_repeats=5, random_state=0)
print(json.dumps({
    "records": X.tolist(),
    "labels": y.tolist(),
    "coefficients": model.coef_.tolist(),
    "intercept": float(model.intercept_),
    "mean": result.importances_mean.tolist(),
    "std": result.importances_std.tolist(),
}))
