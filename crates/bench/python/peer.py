"""A persistent worker that times Python's regressors: the twin of the binary `bench worker`.

    python peer.py --train FILE --test FILE --label NAME --threads N

Loads a data set once, says so in one JSON line on stdout, then answers every line on stdin, a request such as

    {"library": "scikit-learn", "model": "RandomForest", "params": {"n_estimators": 100}}

by {"fit_seconds", "predict_seconds", "rmse", "peak_bytes"} or {"error"}. Hyperparameters have scikit-learn's names.
"""
import argparse
import importlib.metadata
import json
import sys
import time
import warnings

import numpy as np
import pyarrow.parquet as pq
from sklearn.preprocessing import MaxAbsScaler

SHORT = 1.0  # seconds; a fit that took less is made once more, and the second one counts
PREDICTING = 0.02  # seconds; predictions are repeated for this long
PACKAGES = {"scikit-learn": "scikit-learn", "lightgbm": "LightGBM", "xgboost-cpu": "XGBoost", "numpy": "numpy"}


def scikit_learn(model, params, threads):
    from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.neural_network import MLPRegressor
    from sklearn.tree import DecisionTreeRegressor

    learners = {
        "Linear": LinearRegression, "MLP": MLPRegressor, "DecisionTree": DecisionTreeRegressor,
        "RandomForest": RandomForestRegressor, "ExtraTrees": ExtraTreesRegressor,
        "GradientBoosting": GradientBoostingRegressor,
    }
    learner = learners[model]
    if "n_jobs" in learner().get_params() and model != "Linear":
        params = params | {"n_jobs": threads}
    if model == "GradientBoosting":
        params = params | {"criterion": "squared_error"}
    return learner(**params)


def histograms(model, params, threads):
    """scikit-learn's other boosting; its threads are those of OMP_NUM_THREADS."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=params["n_estimators"], learning_rate=params["learning_rate"], max_depth=params["max_depth"],
        max_leaf_nodes=2 ** params["max_depth"], min_samples_leaf=1, early_stopping=False,
        random_state=params["random_state"],
    )


def lightgbm(model, params, threads):
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        n_estimators=params["n_estimators"], learning_rate=params["learning_rate"],
        max_depth=params["max_depth"], num_leaves=2 ** params["max_depth"], min_child_samples=1,
        min_child_weight=0.0, min_data_in_bin=1, max_bin=255, random_state=params["random_state"],
        n_jobs=threads, verbosity=-1,
    )


def xgboost(tree_method):
    def make(model, params, threads):
        from xgboost import XGBRegressor

        return XGBRegressor(
            n_estimators=params["n_estimators"], learning_rate=params["learning_rate"],
            max_depth=params["max_depth"], tree_method=tree_method, reg_lambda=0.0,
            random_state=params["random_state"], n_jobs=threads,
        )
    return make


LIBRARIES = {
    "scikit-learn": scikit_learn, "HistGradientBoosting": histograms, "LightGBM": lightgbm,
    "XGBoost exact": xgboost("exact"), "XGBoost hist": xgboost("hist"),
}


class Rows:
    """A loaded data set, scaled as the study does it."""

    def __init__(self, args):
        train, train_y = self.read(args.train, args.label)
        test, self.actual = self.read(args.test, args.label)
        scaler = MaxAbsScaler().fit(train)
        self.train, self.train_y, self.test = scaler.transform(train), train_y, scaler.transform(test)

    @staticmethod
    def read(path, label):
        table = pq.read_table(path)
        names = [name for name in table.column_names if name not in [label, "row_id", "origin"]]
        matrix = np.empty((table.num_rows, len(names)))
        for place, name in enumerate(names):
            matrix[:, place] = table[name].to_numpy()
        return matrix, table[label].to_numpy()


def peak_bytes():
    """The most memory in use since the last reset; None where the system does not tell."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
    except OSError:
        return None
    return peak_bytes()


def answer(request, rows, threads):
    params = request["params"]

    def fit():
        model = LIBRARIES[request["library"]](request["model"], params, threads)
        start = time.perf_counter()
        model.fit(rows.train, rows.train_y)
        return model, time.perf_counter() - start

    before = reset_peak()
    model, fit_seconds = fit()
    after = peak_bytes()
    if fit_seconds < SHORT:
        del model
        model, fit_seconds = fit()
    model.predict(rows.test)  # the first prediction may prepare a model for all others
    times, start = 0, time.perf_counter()
    while times == 0 or time.perf_counter() - start < PREDICTING:
        predicted = model.predict(rows.test)
        times += 1
    predict_seconds = (time.perf_counter() - start) / times
    return {
        "fit_seconds": fit_seconds, "predict_seconds": predict_seconds,
        "rmse": float(np.sqrt(np.mean((predicted - rows.actual) ** 2))),
        # The kernel counts pages in batches, so that a peak may seem less than what was in use before it.
        "peak_bytes": None if before is None else max(0, after - before),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for flag in ["--train", "--test", "--label"]:
        parser.add_argument(flag, required=True)
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    # Networks that do not converge say so on our side, too.
    warnings.filterwarnings("ignore")
    rows = Rows(args)
    versions = {name: importlib.metadata.version(package) for package, name in PACKAGES.items()}
    print(json.dumps({
        "versions": versions, "train_rows": len(rows.train), "test_rows": len(rows.test),
        "features": rows.train.shape[1],
    }), flush=True)
    for line in sys.stdin:
        try:
            print(json.dumps(answer(json.loads(line), rows, args.threads)), flush=True)
        except Exception as error:  # the driver decides what a failed fit means
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)


if __name__ == "__main__":
    main()
