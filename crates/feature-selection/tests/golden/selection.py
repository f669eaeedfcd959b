"""Writes selection.json: what scikit-learn and numpy say of a small table.

    pip install -r requirements.txt
    python selection.py > selection.json
"""
import json

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression


def table():
    """120 rows: numbers, two full one-hot blocks, a constant, a copy, a rare flag, a noisy sum."""
    random = np.random.RandomState(7)
    size = random.choice([2.0, 4.0, 8.0, 16.0], 120)
    clock = np.round(random.uniform(0.8, 3.9, 120), 1)
    screen = random.choice([11.0, 13.0, 15.0, 17.0], 120)
    colour = np.eye(4)[random.randint(0, 4, 120)]
    kind = np.eye(2)[random.randint(0, 2, 120)]
    rare = (np.arange(120) % 40 == 3).astype(float)
    mixed = 3 * size + 2 * clock + 0.2 * random.normal(size=120)
    columns = [size, clock, screen, *colour.T, *kind.T, np.full(120, 0.1), 2 * clock, rare, mixed]
    price = 100 * size + 300 * clock + 50 * colour[:, 1] + np.round(40 * random.normal(size=120))
    return np.column_stack(columns), np.round(price)


def vifs(x):
    """Textbook factors by least squares with intercept; infinite for 1 - R^2 < 1e-10 and for constants."""
    factors = []
    for j in range(x.shape[1]):
        y = x[:, j] - x[:, j].mean()
        total = y @ y
        others = np.column_stack([np.ones(len(x)), np.delete(x, j, axis=1)])
        residual = x[:, j] - others @ np.linalg.lstsq(others, x[:, j], rcond=None)[0]
        constant = np.ptp(x[:, j]) == 0
        rest = 0.0 if constant else residual @ residual / total
        factors.append(np.inf if rest < 1e-10 else 1 / rest)
    return np.array(factors)


def eliminate(x, limit):
    left, dropped = list(range(x.shape[1])), []
    while True:
        factors = vifs(x[:, left])
        worst = max(j for j in range(len(left)) if factors[j] >= factors.max() * (1 - 1e-9))
        if factors[worst] <= limit:
            return dropped, [[column, factor] for column, factor in zip(left, factors)]
        factor = factors[worst]
        dropped.append([left.pop(worst), None if np.isinf(factor) else factor])


def main():
    x, y = table()
    scores, _ = f_regression(x, y)
    forest = RandomForestRegressor(n_estimators=20, random_state=42).fit(x, y)
    dropped, kept = eliminate(x, 5.0)
    json.dump({
        "records": x.tolist(),
        "label": y.tolist(),
        "f_scores": scores.tolist(),
        "k_best": {k: SelectKBest(f_regression, k=int(k)).fit(x, y).get_support(indices=True).tolist()
                   for k in ["1", "5", "9"]},
        "variance": {t: VarianceThreshold(float(t)).fit(x).get_support(indices=True).tolist()
                     for t in ["0", "0.2"]},
        "importances": forest.feature_importances_.tolist(),
        "vif": {"limit": 5.0, "dropped": dropped, "kept": kept},
    }, __import__("sys").stdout)
    print()


if __name__ == "__main__":
    main()
