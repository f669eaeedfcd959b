#!/usr/bin/env python3
"""scikit-learn's own answers for the scaler, the linear model, the network and the vote.

    pip install -r requirements.txt && python3 linear_mlp.py > linear_mlp.json

Inputs are decimals of a few digits, so that they read back as the same floats. NaN is written as null.
"""
import json
import math
import sys
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import VotingRegressor
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import MaxAbsScaler

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")


def one_hot(random, rows, levels):
    return np.eye(levels)[random.randint(levels, size=rows)]


def numeric(random, rows, columns):
    return random.uniform(-1, 1, size=(rows, columns)).round(3)


def scale():
    x = np.array([
        [1.5, 0, -3.25, 1e-15, 1e-14, np.nan, 1e300, 0],
        [-0.3, 0, 7.1, -2e-15, 3e-15, 0.7, -1e299, 1],
        [0.7, 0, np.nan, 0, -2e-14, -0.9, 3.0, 1],
    ])
    scaler = MaxAbsScaler().fit(x)
    return {"x": x, "scale": scaler.scale_, "transformed": scaler.transform(x)}


def linear_case(name, x, y, x_test, **options):
    weights = options.pop("weights", None)
    model = LinearRegression(**options).fit(x, y, sample_weight=weights)
    return {"name": name, "x": x, "y": y, "x_test": x_test, "weights": weights,
            "fit_intercept": model.fit_intercept, "coefficients": model.coef_,
            "intercept": float(model.intercept_), "rank": int(model.rank_), "predictions": model.predict(x_test)}


def linear():
    random = np.random.RandomState(1)
    full, target = numeric(random, 40, 5), random.uniform(0, 9, size=40).round(2)
    test = numeric(random, 10, 5)
    # Two full blocks; the last level of the second is never seen.
    hot = np.hstack([one_hot(random, 40, 4), one_hot(random, 40, 3), np.zeros((40, 1)), numeric(random, 40, 2)])
    hot_test = np.hstack([one_hot(random, 10, 4), one_hot(random, 10, 4), numeric(random, 10, 2)])
    hot_test[:3, :4] = 0
    hot_test[2:5, 4:8] = 0
    constant = np.hstack([np.full((40, 1), 0.1), full, np.full((40, 1), 7.3)])
    small = full * [1, 1, 1e-7, 1, 1]
    weights = random.choice([0, 0.5, 1, 2, 3], size=40)
    yield linear_case("full rank", full, target, test)
    yield linear_case("full rank, no intercept", full, target, test, fit_intercept=False)
    yield linear_case("one-hot", hot, target, hot_test)
    yield linear_case("one-hot, no intercept", hot, target, hot_test, fit_intercept=False)
    yield linear_case("constant columns", constant, target, np.hstack([test[:, :1], test, test[:, :1]]))
    yield linear_case("a column below the tolerance", small, target, test)
    yield linear_case("constant target", full, np.full(40, 3.7), test)
    yield linear_case("as many rows as features", full[:5], target[:5], test)
    yield linear_case("more features than rows", full[:3], target[:3], test)
    yield linear_case("more features than rows, no intercept", full[:3], target[:3], test, fit_intercept=False)
    yield linear_case("one-hot, more features than rows", hot[:7], target[:7], hot_test)
    yield linear_case("one row", full[:1], target[:1], test)
    yield linear_case("one feature", full[:, :1], target, test[:, :1])
    yield linear_case("weights", full, target, test, weights=weights)
    yield linear_case("one-hot and weights", hot, target, hot_test, weights=weights)


def mlp_data(random, rows):
    x = np.hstack([one_hot(random, rows, 6), random.randint(2, size=(rows, 4)), numeric(random, rows, 3)])
    price = 900 + 400 * x[:, 0] - 250 * x[:, 7] + 600 * np.maximum(x[:, 10], 0) * (1 + x[:, 2])
    return x, (price + random.normal(0, 60, size=rows)).round(2)


MLP_FITS = {
    "study": dict(prices=True, max_iter=20, learning_rate_init=0.6, random_state=42),
    "defaults": dict(prices=True, max_iter=3, random_state=7),
    "identity": dict(activation="identity"),
    "logistic": dict(activation="logistic"),
    "tanh": dict(activation="tanh"),
    "two layers": dict(hidden_layer_sizes=[20, 10], learning_rate_init=0.01),
    "three layers, tanh": dict(hidden_layer_sizes=[9, 17, 3], activation="tanh"),
    "two layers, logistic": dict(hidden_layer_sizes=[5, 4], activation="logistic", learning_rate_init=0.1),
    "no shuffle": dict(shuffle=False, batch_size=64),
    "one batch": dict(batch_size=1000),
    "adam's constants": dict(beta_1=0.5, beta_2=0.9, epsilon=1e-3, alpha=1.0),
    "settles": dict(tol=0.01, n_iter_no_change=3, max_iter=300, learning_rate_init=0.02),
    "sgd": dict(solver="sgd", learning_rate_init=0.01),
    "sgd, no momentum": dict(solver="sgd", learning_rate_init=0.05, momentum=0.0),
    "sgd, plain momentum": dict(solver="sgd", learning_rate_init=0.01, nesterovs_momentum=False, momentum=0.5),
    "sgd, invscaling": dict(solver="sgd", learning_rate="invscaling", learning_rate_init=0.1, power_t=0.3),
    "sgd, adaptive": dict(solver="sgd", learning_rate="adaptive", learning_rate_init=0.05, tol=0.05,
                          n_iter_no_change=2, max_iter=200),
    "early stopping": dict(early_stopping=True, learning_rate_init=0.05, n_iter_no_change=4, max_iter=100),
    "early stopping, sgd, adaptive": dict(early_stopping=True, validation_fraction=0.3, solver="sgd", tol=0.01,
                                          learning_rate="adaptive", learning_rate_init=0.05, n_iter_no_change=2,
                                          max_iter=100),
    "weights": dict(weighted=True),
    "early stopping and weights": dict(weighted=True, early_stopping=True, learning_rate_init=0.05),
    "diverges": dict(prices=True, activation="identity", solver="sgd", learning_rate_init=0.6, max_iter=100,
                     n_iter_no_change=1000),
}


def mlp():
    random = np.random.RandomState(2)
    (x, y), (x_test, _) = mlp_data(random, 330), mlp_data(random, 25)
    weights = random.choice([0, 0.5, 1, 2, 3], size=len(y))
    fits = []
    for name, options in MLP_FITS.items():
        params = dict(hidden_layer_sizes=[12], max_iter=12, random_state=3) | options
        if name in ("study", "defaults"):
            del params["hidden_layer_sizes"]
        prices, weighted = params.pop("prices", False), params.pop("weighted", False)
        fit = {"name": name, "params": dict(params), "prices": prices, "weighted": weighted}
        try:
            model = MLPRegressor(**params).fit(x, y if prices else y / 1000, weights if weighted else None)
            fit |= {"loss_curve": model.loss_curve_, "validation_scores": model.validation_scores_ or [],
                    "n_iter": model.n_iter_, "predictions": model.predict(x_test)}
        except ValueError as error:
            assert "non-finite parameter weights" in str(error), error
            fit |= {"loss_curve": [], "validation_scores": [], "n_iter": 0, "predictions": []}
        fits.append(fit)
    return {"x": x, "y": y, "x_test": x_test, "weights": weights, "fits": fits}


def vote(constants, weights):
    """Members that predict a constant: their average has one value. scikit-learn sums otherwise for a single row."""
    members = [(str(i), DummyRegressor(strategy="constant", constant=c)) for i, c in enumerate(constants)]
    model = VotingRegressor(members, weights=list(weights)).fit(np.zeros((1, 1)), [0.0])
    return {"constants": constants, "weights": weights, "prediction": float(model.predict(np.zeros((2, 1)))[0])}


def voting():
    for constants, weights in [([0.1, 0.2, 0.3], [0.4, 0.35, 0.25]), ([1e3, 1.1], [3, 1]), ([7.7] * 3, [0, 1, 0])]:
        yield vote(constants, weights)


def plain(value):
    """JSON's types; whole floats without a fraction, NaN as null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value


def main():
    answers = {"scale": scale(), "linear": list(linear()), "mlp": mlp(), "voting": list(voting())}
    json.dump(plain(answers), sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
