"""Fits scikit-learn with the hyperparameters of stored models and measures where the two differ.

    python parity.py --train FILE --test FILE --models DIR --predictions FILE [--jobs N]

Reads the splits, the models' Parquet files and the predictions for the test rows; prints a JSON list on
stdout, one object a model (`measure` says what is in it), and progress on stderr. It judges nothing:
`xtask/src/parity/promise.rs` does.

Trees and forests sum targets as integers, so scikit-learn is fitted on `round(y * target_scale)`.
"""
import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import MaxAbsScaler
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

LEARNERS = {
    "Linear": LinearRegression,
    "MLP": MLPRegressor,
    "DecisionTree": DecisionTreeRegressor,
    "ExtraTree": ExtraTreeRegressor,
    "RandomForest": RandomForestRegressor,
    "ExtraTrees": ExtraTreesRegressor,
    "GradientBoosting": GradientBoostingRegressor,
}
LEFT_RIGHT = ["left", "right"]
SHAPE = ["feature", "threshold", "n_node_samples", "weighted_n_node_samples"]
# Where sums of squares round in scikit-learn, its impurities do; in fixed point the last bits of all sums differ.
COLUMNS = {"exact": SHAPE + ["impurity", "value"], "structure": SHAPE + ["value"], "fixed-point": SHAPE}
CLOSE = 1e-9
# Stands for an infinite difference, which JSON does not have.
LARGEST = float(np.finfo(float).max)


class Rows:
    """What a model was fitted on, and the test rows: features of both, unscaled, and labels of the former."""

    def __init__(self, train, test, stored):
        self.train = columns(train, stored.features)
        self.test = columns(test, stored.features)
        self.y = columns(train, [stored.label])[:, 0]


class Stored:
    """A model's file: its metadata, and its rows as arrays."""

    def __init__(self, path):
        self.name = path.stem
        table = pq.read_table(path)
        meta = {key.decode(): value.decode() for key, value in pq.read_metadata(path).metadata.items()}
        self.learner = meta["learner"]
        self.parameters = json.loads(meta["parameters"])
        self.features = json.loads(meta.get("features", "[]"))
        self.label = meta.get("label")
        self.scale = np.array(json.loads(meta.get("scale", "[]")))
        self.parity = meta.get("parity")
        self.target_scale = json.loads(meta["target_scale"]) if "target_scale" in meta else None
        self.n_iter = json.loads(meta["n_iter"]) if "n_iter" in meta else None
        self.rows = {name: table[name].to_numpy() for name in table.column_names}

    def trees(self):
        """The nodes of each tree, as arrays."""
        starts = np.flatnonzero(np.diff(self.rows["tree"], prepend=-1))
        nodes = {name: np.split(values, starts[1:]) for name, values in self.rows.items()}
        return [{name: parts[tree] for name, parts in nodes.items()} for tree in range(len(starts))]


def columns(path, names):
    """The named columns of a Parquet file as a matrix."""
    table = pq.read_table(path, columns=names)
    return np.column_stack([table[name].to_numpy().astype(np.float64) for name in names])


def regressor(stored, jobs):
    """scikit-learn's regressor with the model's hyperparameters, and those that scikit-learn does not have."""
    make = LEARNERS[stored.learner]
    words = {"none": None, "inf": np.inf}
    given = {name: words.get(value, value) if isinstance(value, str) else value
             for name, value in stored.parameters.items()}
    known = make().get_params()
    own = {name: value for name, value in given.items() if name not in known and value is not None}
    given = {name: value for name, value in given.items() if name in known}
    if stored.learner == "MLP":
        given["hidden_layer_sizes"] = tuple(given["hidden_layer_sizes"])
    if stored.target_scale is not None:
        # An impurity is in squared units of the targets.
        given["min_impurity_decrease"] *= stored.target_scale**2
    if stored.learner == "GradientBoosting":
        given["criterion"] = "squared_error"
    if "n_jobs" in known:
        given["n_jobs"] = jobs
    return make(**given), own


def fit_and_predict(stored, model, rows):
    """Fits behind a MaxAbsScaler; returns the scaler and the predictions for the test rows."""
    scaler = MaxAbsScaler().fit(rows.train)
    factor = stored.target_scale or 1.0
    whole = stored.target_scale is not None and stored.parity != "fixed-point"
    model.fit(scaler.transform(rows.train), np.round(rows.y * factor) if whole else rows.y)
    if "n_jobs" in model.get_params():
        # With several, trees are added up in the order in which threads end.
        model.set_params(n_jobs=1)
    return scaler, model.predict(scaler.transform(rows.test)) / factor


def nodes_of(tree):
    """The nodes of scikit-learn's tree, under the names of the stored columns."""
    return {
        "left": tree.children_left, "right": tree.children_right, "feature": tree.feature,
        "threshold": tree.threshold, "n_node_samples": tree.n_node_samples,
        "weighted_n_node_samples": tree.weighted_n_node_samples, "impurity": tree.impurity,
        "value": tree.value[:, 0, 0],
    }


def same_nodes(ours, theirs, columns):
    """How many nodes are the same at the same path from the root."""
    same, paths = 0, [(0, 0)]
    while paths:
        a, b = paths.pop()
        same += all(ours[name][a] == theirs[name][b] for name in columns)
        if ours["left"][a] >= 0 and theirs["left"][b] >= 0:
            paths += [(ours[side][a], theirs[side][b]) for side in LEFT_RIGHT]
    return same


def compare_trees(ours, theirs, columns):
    """Trees and nodes that are equal in `columns`, and of how many."""
    def equal(a, b):
        return all(np.array_equal(a[name], b[name]) for name in LEFT_RIGHT + columns)

    identical, same, nodes = 0, 0, 0
    for a, b in zip(ours, theirs):
        larger = max(len(a["left"]), len(b["left"]))
        nodes += larger
        if equal(a, b):
            identical += 1
            same += larger
        else:
            same += same_nodes(a, b, columns)
    return {"identical": identical, "trees": max(len(ours), len(theirs)), "same_nodes": same, "nodes": nodes}


def trees_report(stored, model):
    """What of the trees is equal."""
    if "tree" not in stored.rows:
        return None
    if stored.learner == "GradientBoosting":
        # Its residuals are no decimals: sums, and with them values, differ in their last bits.
        theirs, columns = [tree.tree_ for tree in model.estimators_[:, 0]], SHAPE
    else:
        theirs, columns = [tree.tree_ for tree in getattr(model, "estimators_", [model])], COLUMNS[stored.parity]
    return compare_trees(stored.trees(), [nodes_of(tree) for tree in theirs], columns)


def rmse(predicted, actual):
    """Over the rows with a label; None without any."""
    known = ~np.isnan(actual)
    return float(np.sqrt(np.mean((predicted[known] - actual[known]) ** 2))) if known.any() else None


def rows_report(predicted, reference):
    """Rows within 1e-9, relative, of how many, and the largest relative difference."""
    difference, size = np.abs(predicted - reference), np.abs(reference)
    relative = np.divide(difference, size, out=np.where(difference == 0, 0.0, LARGEST), where=size > 0)
    relative = np.nan_to_num(relative, nan=LARGEST)
    close, largest = (relative <= CLOSE).sum(), relative.max(initial=0.0)
    return {"close": int(close), "rows": len(relative), "largest": float(largest)}


def adam_steps(stored, model, rows):
    """Steps of a network's optimizer."""
    parameters = stored.parameters
    held_out = parameters["validation_fraction"] if parameters["early_stopping"] else 0.0
    fitted = rows - int(np.ceil(held_out * rows))
    batch = min(200, fitted) if parameters["batch_size"] == "auto" else min(parameters["batch_size"], fitted)
    return model.n_iter_ * -(-fitted // batch)


def measure(stored, rows, predicted, actual, jobs):
    """Everything that is compared of one model."""
    start = time.perf_counter()
    model, own = regressor(stored, jobs)
    scaler, reference = fit_and_predict(stored, model, rows)
    report = {
        "model": stored.name, "learner": stored.learner,
        "parameters": stored.parameters, "own_parameters": own,
        "parity": stored.parity, "target_scale": stored.target_scale,
        "scales_equal": np.array_equal(stored.scale, scaler.scale_),
        "trees": trees_report(stored, model),
        "rows": rows_report(predicted, reference),
        "rmse": rmse(predicted, actual), "rmse_sklearn": rmse(reference, actual),
        "n_iter": None, "steps": None,
    }
    if stored.learner == "MLP":
        report["n_iter"] = [stored.n_iter, model.n_iter_]
        report["steps"] = int(adam_steps(stored, model, len(rows.y)))
    print(f"{stored.name}: scikit-learn in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return report


def measure_vote(stored, predictions, actual):
    """A vote against `numpy.average` of the members' own predictions, which is what VotingRegressor takes."""
    members = [predictions[member] for member in stored.rows["member"]]
    reference = np.average(np.column_stack(members), axis=1, weights=stored.rows["weight"])
    return {
        "model": stored.name, "learner": stored.learner,
        "parameters": stored.parameters, "own_parameters": {},
        "parity": None, "target_scale": None, "scales_equal": True, "trees": None,
        "rows": rows_report(predictions[stored.name], reference),
        "rmse": rmse(predictions[stored.name], actual), "rmse_sklearn": rmse(reference, actual),
        "n_iter": None, "steps": None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for flag in ["--train", "--test", "--models", "--predictions"]:
        parser.add_argument(flag, type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=None)
    args = parser.parse_args()
    # A network that does not converge says so on our side, too.
    warnings.filterwarnings("ignore")

    table = pq.read_table(args.predictions)
    actual = table["Actual"].to_numpy().astype(np.float64)
    predictions = {name.removesuffix("_Pred"): table[name].to_numpy()
                   for name in table.column_names if name.endswith("_Pred")}
    reports, rows = [], None
    for name, predicted in predictions.items():
        stored = Stored(args.models / f"{name}.parquet")
        if stored.learner == "Voting":
            reports.append(measure_vote(stored, predictions, actual))
            continue
        rows = rows or Rows(args.train, args.test, stored)
        reports.append(measure(stored, rows, predicted, actual, args.jobs))
    json.dump(reports, sys.stdout)


if __name__ == "__main__":
    main()
