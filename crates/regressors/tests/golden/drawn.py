"""Golden trees, forests and boosted trees of tables and hyperparameters that are drawn.

    python3 drawn.py FILE [--tables N] [--models M] [--seed S]

Writes M models on each of N tables, a fifth of which are smooth, for boosting. `cargo xtask ci --only trees` compares
them with the crate's.
"""
import argparse
import warnings
from pathlib import Path

import numpy as np

from trees import fitted, nodes, stages, trees_of, write

TREES_AND_FORESTS = ["DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees"]
# Rows that are predicted, beside those that are fitted.
NEW = 20


def one_of(choices, rng):
    """One of them, as it is: numpy's own choice would give all of them one type."""
    return choices[rng.randint(len(choices))]


def column(rows, rng, before):
    """A column of one of the kinds that trees treat each in its own way."""
    kind = rng.choice(["flag", "rare", "levels", "many levels", "continuous", "near", "constant", "copy", "mirror"])
    if kind in ["copy", "mirror"] and before:
        values = before[rng.randint(len(before))]
        return values if kind == "copy" else 1 - values
    return {
        "flag": lambda: rng.rand(rows) < rng.rand(),
        "rare": lambda: rng.rand(rows) < 0.05,
        "levels": lambda: rng.randint(0, rng.randint(2, 12), rows) / 4,
        "many levels": lambda: rng.randint(0, rng.randint(200, 400), rows) / 8,
        "near": lambda: 0.5 + rng.randint(0, 6, rows) * rng.choice([3e-8, 6e-8, 1e-7, 2e-7]),
        "constant": lambda: np.full(rows, rng.randint(-1, 2)),
    }.get(kind, lambda: rng.randn(rows))().astype(float)


def any_table(rng):
    """Records, targets that are decimals, and whole weights or none; and new records."""
    rows = int(np.exp(rng.uniform(np.log(2), np.log(700))))
    columns = []
    for _ in range(int(np.exp(rng.uniform(0, np.log(90))))):
        columns.append(column(rows + NEW, rng, columns))
    x = np.column_stack(columns)
    if rng.rand() < 0.3:
        # Some rows several times.
        x = x[rng.randint(0, len(x) // 2 + 1, len(x))]
    y = x @ rng.uniform(-1, 1, x.shape[1]) + rng.choice([0.01, 0.3, 3]) * rng.randn(len(x))
    # Small enough for scikit-learn's own sums of squares to be exact.
    y = np.round(y / np.abs(y).max() * rng.choice([1, 20, 1000, 30000])) / 10 ** rng.choice([0, 0, 1, 2, 4])
    if rng.rand() < 0.3:
        for missing in np.flatnonzero(rng.rand(x.shape[1]) < 0.4):
            x[rng.rand(len(x)) < rng.choice([0.02, 0.3, 1]), missing] = np.nan
    weights = None
    if rng.rand() < 0.3:
        weights = rng.randint(0, rng.choice([2, 5, 300]), rows).astype(float)
        weights[rng.randint(rows)] = 1
    return (x[:rows], y[:rows], weights), x[rows:]


def smooth_table(rng):
    """As `any_table`, of continuous columns: splits of large nodes cannot tie."""
    rows = int(np.exp(rng.uniform(np.log(60), np.log(700))))
    x = rng.randn(rows + NEW, rng.randint(1, 12))
    # Far from 0, where no relative difference is small.
    y = 100 + x @ rng.uniform(-1, 1, x.shape[1]) + rng.choice([0.01, 0.3, 3]) * rng.randn(len(x))
    return (x[:rows], y[:rows], None), x[rows:]


def chosen(draws, rng):
    """A few of the hyperparameters, drawn; the others stay at their defaults."""
    return {name: draw() for name, draw in draws.items() if rng.rand() < 0.2}


def growth(rows, rng):
    """Hyperparameters that all trees have."""
    return chosen({
        "max_depth": lambda: rng.randint(1, 12),
        "min_samples_split": lambda: one_of([rng.randint(2, 40), 0.04], rng),
        "min_samples_leaf": lambda: one_of([rng.randint(1, 20), 0.02], rng),
        "min_weight_fraction_leaf": lambda: one_of([0.01, 0.1, 0.5], rng),
        "max_leaf_nodes": lambda: rng.randint(2, rows + 2),
        "min_impurity_decrease": lambda: one_of([1e-6, 0.01, 1.0], rng),
        "max_features": lambda: one_of(["sqrt", "log2", 0.33, rng.randint(1, 5)], rng),
    }, rng) | {"random_state": int(rng.randint(2**32, dtype=np.int64))}


def forest(learner, rows, rng):
    """Those of a forest too."""
    params = chosen({"bootstrap": lambda: bool(rng.rand() < 0.5)}, rng)
    if params.get("bootstrap", learner == "RandomForest"):
        params |= chosen({"max_samples": lambda: one_of([0.4, 0.999, 1.0, rng.randint(1, rows + 1)], rng)}, rng)
    return growth(rows, rng) | params | {"n_estimators": rng.randint(1, 10)}


def boosting(rows, rng):
    """Those of boosting too."""
    params = chosen({
        "learning_rate": lambda: one_of([0.01, 0.5, 1.0], rng),
        "subsample": lambda: one_of([0.4, 0.7, 0.99], rng),
        "n_iter_no_change": lambda: rng.randint(1, 5),
        "validation_fraction": lambda: one_of([0.1, 0.3, 0.5], rng),
    }, rng)
    # Small nodes would tie.
    return growth(rows, rng) | params | {"n_estimators": rng.randint(1, 30), "min_samples_leaf": rng.randint(8, 20)}


def parameters(learner, rows, rng):
    if learner == "GradientBoosting":
        return boosting(rows, rng)
    return forest(learner, rows, rng) if learner in ["RandomForest", "ExtraTrees"] else growth(rows, rng)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--models", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    # Few rows make small samples, of which scikit-learn warns.
    warnings.filterwarnings("ignore")
    tables, models = {}, []
    for seed in range(args.seed, args.seed + args.tables):
        rng = np.random.RandomState(seed)
        is_smooth = rng.rand() < 0.2
        name = f"{'smooth' if is_smooth else 'any'} table {seed}"
        tables[name], new = smooth_table(rng) if is_smooth else any_table(rng)
        for _ in range(args.models):
            learner = "GradientBoosting" if is_smooth else one_of(TREES_AND_FORESTS, rng)
            params = parameters(learner, len(tables[name][1]), rng)
            case, model = fitted(learner, name, tables[name], new, params)
            models.append(case | (stages(model) if is_smooth else {"trees": [nodes(tree) for tree in trees_of(model)]}))
    write(args.file, tables, models)
    n_trees = sum(len(model.get("trees", [])) or model["n_estimators"] for model in models)
    print(f"{len(models)} models of {len(tables)} tables, {n_trees} trees")


if __name__ == "__main__":
    main()
