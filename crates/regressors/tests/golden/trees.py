"""Golden trees, forests and boosted trees: what scikit-learn fits on small synthetic data.

    python3 trees.py        writes trees.json, forests.json, large.json and boosting.json beside this file

Trees and forests are fitted on round(y * target_scale), boosting on y. Versions are pinned in requirements.txt.
"""
import json
from pathlib import Path

import numpy as np
from sklearn.ensemble import (ExtraTreesRegressor, GradientBoostingRegressor,
                              RandomForestRegressor)
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

FOLDER = Path(__file__).parent
LEARNERS = {
    "DecisionTree": DecisionTreeRegressor, "ExtraTree": ExtraTreeRegressor,
    "RandomForest": RandomForestRegressor, "ExtraTrees": ExtraTreesRegressor,
    "GradientBoosting": GradientBoostingRegressor,
}


def laptops(rows, rng):
    """Encoded laptops: a one-hot block, flags, numbers with few levels, a copy and a constant column."""
    brand = np.eye(5)[rng.randint(0, 5, rows)]
    flag = rng.randint(0, 2, rows)
    ram = rng.choice([4, 8, 16, 32], rows)
    drive = rng.choice([256, 500, 512, 1000], rows)
    screen = rng.choice([13.3, 14, 15.6, 17.3], rows)
    clock = rng.randint(10, 40, rows) / 10
    x = np.column_stack([brand, flag, 1 - flag, rng.rand(rows, 2) < 0.1, ram / 32, drive / 1000,
                         screen / 17.3, clock, clock / 4, np.ones(rows)]).astype(float)
    price = (800 + 300 * brand[:, 1] + 600 * flag + 70 * ram + drive + 40 * clock * screen
             + 250 * rng.randn(rows))
    return x, price


def whole(rows=110):
    """Whole prices, some rows twice."""
    x, price = laptops(rows, np.random.RandomState(1))
    x[-15:] = x[:15]
    return x, price.round(), None


def cents(rows=100):
    """Prices with cents, a continuous column, and one whose values are nearly equal."""
    rng = np.random.RandomState(2)
    x, price = laptops(rows, rng)
    near = 0.5 + rng.randint(0, 6, rows) * 5e-8
    x = np.column_stack([x, rng.randn(rows), near, price + 500 * rng.randn(rows)])
    return x, np.floor(price) + rng.choice([0.99, 0.9, 0.5, 0.0], rows), None


def missing(rows=100):
    """Whole prices, numbers that are missing here and there, and a column that is missing everywhere."""
    rng = np.random.RandomState(3)
    x, price = laptops(rows, rng)
    x = np.column_stack([x, np.full(rows, np.nan)])
    for column in [5, 9, 11, 12]:
        x[rng.rand(rows) < 0.2, column] = np.nan
    return x, price.round(), None


def weighted(rows=100):
    """Prices with cents and whole weights, a few of them 0."""
    x, y, _ = cents(rows)
    return x, y, np.random.RandomState(4).randint(0, 5, rows).astype(float)


def smooth(rows=200):
    """Continuous columns for boosting: in large nodes no two of them part the rows alike."""
    rng = np.random.RandomState(5)
    x = rng.rand(rows, 8)
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + rng.randn(rows)
    return x, y, None


def large(rows=600):
    """Columns with more values than a byte counts, one of fewer, one nearly equal, flags."""
    rng = np.random.RandomState(6)
    flags = (rng.rand(rows, 4) < [0.5, 0.3, 0.1, 0.02]).astype(float)
    level = rng.randint(0, 40, rows) / 40
    near = 0.5 + rng.randint(0, 7, rows) * 4e-8
    x = np.column_stack([rng.randint(0, 10**6, rows) / 1000, flags, level, rng.randint(0, 2000, rows) / 8, near])
    y = x[:, 0] + 300 * flags[:, 0] * level + 2 * x[:, 6] - 400 * flags[:, 2] + 50 * rng.randn(rows)
    return x, np.round(y), None


def large_missing(rows=600):
    """`large`, with values missing in a column of many values and in one of few."""
    x, y, _ = large(rows)
    rng = np.random.RandomState(7)
    for column in [2, 5, 6]:
        x[rng.rand(rows) < 0.15, column] = np.nan
    return x, y, None


def large_weighted(rows=600):
    """`large_missing` with whole weights, a few of them 0."""
    x, y, _ = large_missing(rows)
    return x, y, np.random.RandomState(8).randint(0, 4, rows).astype(float)


DATA = {"whole": whole, "cents": cents, "missing": missing, "weighted": weighted, "smooth": smooth,
        "large": large, "large_missing": large_missing, "large_weighted": large_weighted}

TREES = [
    ("DecisionTree", "whole", {}),
    ("DecisionTree", "whole", {"max_depth": 4}),
    ("DecisionTree", "whole", {"min_samples_leaf": 5}),
    ("DecisionTree", "whole", {"min_samples_leaf": 0.031, "max_features": 0.33}),
    ("DecisionTree", "whole", {"min_samples_split": 20}),
    ("DecisionTree", "whole", {"max_leaf_nodes": 12}),
    ("DecisionTree", "whole", {"max_features": "sqrt"}),
    ("DecisionTree", "cents", {}),
    ("DecisionTree", "cents", {"max_features": 0.33}),
    ("DecisionTree", "cents", {"max_features": "log2", "min_samples_split": 0.1}),
    ("DecisionTree", "cents", {"max_features": 1, "max_depth": 6}),
    ("DecisionTree", "cents", {"min_impurity_decrease": 900.0}),
    ("DecisionTree", "cents", {"max_leaf_nodes": 90, "max_features": 0.5}),
    ("DecisionTree", "cents", {"min_weight_fraction_leaf": 0.04}),
    ("DecisionTree", "missing", {}),
    ("DecisionTree", "missing", {"max_features": "sqrt", "min_samples_leaf": 2}),
    ("DecisionTree", "weighted", {}),
    ("DecisionTree", "weighted", {"max_leaf_nodes": 20}),
    ("DecisionTree", "weighted", {"min_weight_fraction_leaf": 0.05, "max_features": 4}),
    ("ExtraTree", "whole", {}),
    ("ExtraTree", "whole", {"min_samples_leaf": 3}),
    ("ExtraTree", "cents", {"max_features": "sqrt"}),
    ("ExtraTree", "cents", {"max_leaf_nodes": 15, "min_samples_leaf": 2}),
    ("ExtraTree", "missing", {}),
    ("ExtraTree", "weighted", {"min_impurity_decrease": 100.0}),
    # Best first down to nodes of two rows.
    ("DecisionTree", "whole", {"max_leaf_nodes": 110}),
    ("ExtraTree", "whole", {"max_leaf_nodes": 80}),
]

FORESTS = [
    ("RandomForest", "whole", {}),
    ("RandomForest", "cents", {"max_features": 0.33}),
    ("RandomForest", "cents", {"bootstrap": False, "max_features": "sqrt"}),
    ("RandomForest", "cents", {"max_samples": 0.5}),
    ("RandomForest", "cents", {"max_samples": 40, "min_weight_fraction_leaf": 0.05}),
    ("RandomForest", "missing", {"max_depth": 6}),
    ("RandomForest", "weighted", {}),
    ("RandomForest", "weighted", {"max_samples": 0.3}),
    ("RandomForest", "weighted", {"bootstrap": False, "max_features": 5, "max_leaf_nodes": 25}),
    ("ExtraTrees", "whole", {}),
    ("ExtraTrees", "cents", {"bootstrap": True, "max_features": 0.5}),
    ("ExtraTrees", "missing", {}),
    ("ExtraTrees", "weighted", {"max_depth": 7}),
    ("RandomForest", "whole", {"max_leaf_nodes": 60}),
]

# Trees of many nodes, stored by feature and threshold alone.
LARGE = [
    ("DecisionTree", "large", {}),
    ("DecisionTree", "large", {"max_features": 3}),
    ("DecisionTree", "large", {"min_samples_leaf": 4, "max_features": 0.6}),
    ("DecisionTree", "large", {"max_leaf_nodes": 60}),
    ("DecisionTree", "large_missing", {}),
    ("DecisionTree", "large_missing", {"max_features": 3, "min_samples_leaf": 3}),
    ("DecisionTree", "large_weighted", {"min_weight_fraction_leaf": 0.006}),
    ("DecisionTree", "large_weighted", {"max_features": "sqrt", "min_samples_leaf": 0.01}),
    ("ExtraTree", "large", {"max_features": 4}),
    ("ExtraTree", "large_missing", {"min_samples_leaf": 2}),
    ("ExtraTree", "large_weighted", {"min_weight_fraction_leaf": 0.01}),
    ("RandomForest", "large", {"max_features": 0.5}),
    ("RandomForest", "large_missing", {"min_samples_leaf": 2}),
    ("RandomForest", "large_weighted", {"max_features": 3, "max_samples": 0.7}),
    ("ExtraTrees", "large_missing", {"bootstrap": True, "min_samples_leaf": 3}),
    ("ExtraTrees", "large_weighted", {"max_features": 2, "max_depth": 8}),
]

BOOSTING = [
    ("GradientBoosting", "cents", {"learning_rate": 0.6}),
    ("GradientBoosting", "cents", {}),
    ("GradientBoosting", "smooth", {"min_samples_leaf": 5}),
    ("GradientBoosting", "smooth", {"subsample": 0.6, "min_samples_leaf": 8}),
    ("GradientBoosting", "smooth", {"max_features": 0.4, "max_depth": 4, "min_samples_leaf": 0.03}),
    ("GradientBoosting", "smooth", {"max_leaf_nodes": 6, "min_samples_leaf": 3, "learning_rate": 0.3}),
    ("GradientBoosting", "smooth", {"min_impurity_decrease": 0.2, "learning_rate": 0.5}),
    ("GradientBoosting", "smooth", {"n_iter_no_change": 3, "validation_fraction": 0.2, "learning_rate": 0.5}),
    ("GradientBoosting", "weighted", {"subsample": 0.8, "n_iter_no_change": 4, "max_depth": 2}),
]


def target_scale(y):
    return next(scale for scale in [1.0, 10.0, 100.0, 1000.0, 10000.0] if (np.round(y * scale) / scale == y).all())


def nodes(model):
    tree = model.tree_
    inner = tree.children_left >= 0
    return {
        "left": tree.children_left.tolist(), "right": tree.children_right.tolist(),
        "feature": tree.feature.tolist(), "threshold": tree.threshold.tolist(),
        # scikit-learn leaves the flag of leaves as it happens to be.
        "missing_go_to_left": (inner & (tree.missing_go_to_left != 0)).tolist(),
        "n_node_samples": tree.n_node_samples.tolist(),
        "weighted_n_node_samples": tree.weighted_n_node_samples.tolist(),
        "impurity": tree.impurity.tolist(), "value": tree.value[:, 0, 0].tolist(),
    }


def splits(model):
    """What tells trees apart in a third of the space: the rest follows, and the predictions check it."""
    tree = model.tree_
    return {"feature": tree.feature.tolist(), "threshold": tree.threshold[tree.children_left >= 0].tolist()}


def fitted(learner, name, table, new, params):
    """The learner's fit of a table: what the tests compare, and the model."""
    x, y, weights = table
    boosting = learner == "GradientBoosting"
    scale = 1.0 if boosting else target_scale(y)
    scaled = dict(params)
    if "min_impurity_decrease" in params:
        scaled["min_impurity_decrease"] = params["min_impurity_decrease"] * (scale * scale)
    model = LEARNERS[learner](**scaled).fit(x, y if boosting else np.round(y * scale), sample_weight=weights)
    return {
        "learner": learner, "data": name, "params": params, "target_scale": scale,
        "new": new.tolist(), "predictions": (model.predict(new) / scale).tolist(),
        # A forest divides 0 by 0 where no split decreases an impurity.
        "feature_importances": np.nan_to_num(model.feature_importances_).tolist(),
    }, model


def stages(model):
    """What is compared of boosting, beside predictions: noise in scikit-learn's sums leaves nodes open now and then."""
    return {"init": float(model.init_.constant_[0, 0]), "n_estimators": len(model.estimators_)}


def trees_of(model):
    return [model] if hasattr(model, "tree_") else model.estimators_


def golden(learner, name, params):
    table = DATA[name]()
    new = DATA[name](rows=len(table[1]) + 40)[0][-40:]
    params = dict(params, random_state=42)
    if learner == "GradientBoosting":
        case, model = fitted(learner, name, table, new, dict(params, n_estimators=30))
        return case | stages(model)
    if learner in ["RandomForest", "ExtraTrees"]:
        params["n_estimators"] = 2 if name.startswith("large") else 4
    # Rows that break every relation between the columns: they tell which of tied columns a tree took.
    new = np.vstack([new[:20], np.roll(new, 1, axis=1)[20:]])
    case, model = fitted(learner, name, table, new, params)
    if name.startswith("large"):
        return case | {"splits": [splits(tree) for tree in trees_of(model)]}
    return case | {"trees": [nodes(tree) for tree in trees_of(model)]}


def write(path, tables, models):
    data = {name: {"x": x.tolist(), "y": y.tolist(), "weights": None if weights is None else weights.tolist()}
            for name, (x, y, weights) in tables.items()}
    text = json.dumps({"data": data, "models": models}, separators=(",", ":"))
    # JSON has neither NaN, which is a missing value, nor the infinite threshold of missing values.
    path.write_text(text.replace("NaN", "null").replace("Infinity", "null") + "\n")


def write_golden(file, models):
    tables = {name: DATA[name]() for name in dict.fromkeys(name for _, name, _ in models)}
    write(FOLDER / file, tables, [golden(*model) for model in models])


if __name__ == "__main__":
    write_golden("trees.json", TREES)
    write_golden("forests.json", FORESTS)
    write_golden("large.json", LARGE)
    write_golden("boosting.json", BOOSTING)
