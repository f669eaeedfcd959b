"""Golden linear models, networks and votes of tables and hyperparameters that are drawn.

    python3 drawn_linear_mlp.py FILE [--tables N] [--seed S]

Writes five models and a vote for each of N tables. `cargo xtask ci --only linear-mlp` compares them with the crate's.

Rounding may be all that there is to a model: the rank of nearly collinear columns, a network that trains chaotically. So
every model is fitted twice, the second time to values that are off by a last bit. Only if scikit-learn gives the same
both times, a hundred times nearer than it is asked of the crate, a fit is `steady`, and has answers to compare.
"""
import argparse
import json
import math
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.neural_network._base import ACTIVATIONS
from sklearn.preprocessing import MaxAbsScaler

from drawn import chosen, one_of
from linear_mlp import plain, vote

# Rows that are predicted, beside those that are fitted.
NEW = 10
# By how much of the largest value two fits may differ and still be the same.
SAME = 1e-11


def c_tanh(values):
    """The C library's tanh, in place, as the crate has it: numpy's own differs in last bits."""
    values[...] = np.vectorize(math.tanh, otypes=[float])(values)


def column(rows, rng, before):
    """A column of one of the kinds that least squares or networks treat each in its own way."""
    kind = rng.choice(["flag", "rare", "levels", "normal", "constant", "zero", "copy", "sum", "far", "size"])
    if kind in ["copy", "sum", "far", "size"] and before:
        values = one_of(before, rng)
        return {
            "copy": lambda: values,
            "sum": lambda: values - one_of(before, rng),
            "far": lambda: values + one_of([10, 1e3, 1e5], rng),
            "size": lambda: values * one_of([1e-8, 1e-4, 1e-2, 1e2, 1e4], rng),
        }[kind]()
    return {
        "flag": lambda: rng.rand(rows) < rng.rand(),
        "rare": lambda: rng.rand(rows) < 0.05,
        "levels": lambda: rng.randint(0, rng.randint(2, 12), rows) / 4,
        "constant": lambda: np.full(rows, one_of([-1, 0.1, 7.3, 1000], rng)),
        "zero": lambda: np.zeros(rows),
    }.get(kind, lambda: rng.randn(rows))().astype(float)


def one_hot(rows, rng):
    """The columns of a category; levels may be absent from the training rows."""
    levels = rng.randint(2, 9)
    return list(np.eye(levels)[rng.randint(levels, size=rows)].T)


def drawn_table(rng):
    """Records, targets, and weights or none; and new records."""
    rows = int(np.exp(rng.uniform(0, np.log(400))))
    columns = []
    for _ in range(int(np.exp(rng.uniform(0, np.log(30))))):
        columns += one_hot(rows + NEW, rng) if rng.rand() < 0.2 else [column(rows + NEW, rng, columns)]
    x = np.column_stack(columns)
    if rng.rand() < 0.2:
        # Some rows several times.
        x = x[rng.randint(0, len(x) // 2 + 1, len(x))]
    y = MaxAbsScaler().fit_transform(x) @ rng.uniform(-1, 1, x.shape[1])
    y += one_of([0, 0.01, 0.3, 3], rng) * rng.randn(len(x))
    y = one_of([0, 0, -3, 100], rng) + y * one_of([1e-3, 1, 1, 1000], rng)
    if rng.rand() < 0.5:
        y = np.round(y, 2)
    weights = None
    if rng.rand() < 0.3:
        # The crate's weights are f32.
        weights = one_of([rng.randint(0, 4, rows) / 2, rng.rand(rows).astype(np.float32)], rng).astype(float)
        weights[rng.randint(rows)] = 1
    return (x[:rows], y[:rows], weights), x[rows:]


def network_parameters(rows, rng):
    """A few of the hyperparameters, drawn; the others stay at their defaults."""
    return chosen({
        "activation": lambda: one_of(["identity", "logistic", "tanh"], rng),
        "alpha": lambda: one_of([0.0, 0.01, 1.0, 100.0], rng),
        "batch_size": lambda: rng.randint(1, rows + 10),
        "learning_rate": lambda: one_of(["invscaling", "adaptive"], rng),
        "learning_rate_init": lambda: one_of([0.01, 0.1, 0.6], rng),
        "power_t": lambda: one_of([0.0, 0.1, 1.0], rng),
        "shuffle": lambda: False,
        "tol": lambda: one_of([0.0, 1e-6, 0.01, 1.0], rng),
        "n_iter_no_change": lambda: rng.randint(1, 6),
        "momentum": lambda: one_of([0.0, 0.5, 1.0], rng),
        "nesterovs_momentum": lambda: False,
        "early_stopping": lambda: True,
        "validation_fraction": lambda: one_of([0.1, 0.3, 0.5], rng),
        "beta_1": lambda: one_of([0.0, 0.5], rng),
        "beta_2": lambda: one_of([0.0, 0.9], rng),
        "epsilon": lambda: one_of([1e-3, 1.0], rng),
    }, rng) | {
        "hidden_layer_sizes": [int(np.exp(rng.uniform(0, np.log(40)))) for _ in range(one_of([1, 1, 2, 3], rng))],
        "solver": one_of(["adam", "sgd"], rng),
        "max_iter": rng.randint(1, 60),
        "random_state": int(rng.randint(2**32, dtype=np.int64)),
    }


def linear_answers(params, data, new):
    model = LinearRegression(**params).fit(*data)
    return [[model.rank_], model.predict(new)]


def network_answers(params, data, new):
    """Nothing if scikit-learn refuses, or returns the initial weights for want of a score, which the crate refuses."""
    (x, *others), scaler = data, MaxAbsScaler().fit(data[0])
    try:
        model = MLPRegressor(**params).fit(scaler.transform(x), *others)
    except (ValueError, ZeroDivisionError):
        return None
    scores = model.validation_scores_ or []
    if len(scores) > 0 and not np.isfinite(scores).any():
        return None
    return [model.loss_curve_, scores, model.predict(scaler.transform(new))]


def shaken(values, rng):
    """The values, some of them off by a last bit."""
    return values * (1 + np.finfo(float).eps * rng.randint(-1, 2, values.shape))


def are_same(answers, others):
    if answers is None or others is None:
        return answers is others
    return all(len(a) == len(b) and np.all(np.abs(np.subtract(a, b)) <= SAME * np.max(np.abs(a), initial=0))
               for a, b in zip(answers, others))


def fitted(learner, params, data, new, rng):
    """A model as a case of the file."""
    answers_of = {"Linear": linear_answers, "MLP": network_answers}[learner]
    (x, y, weights), answers = data, answers_of(params, data, new)
    others = answers_of(params, (shaken(x, rng), shaken(y, rng), weights), new)
    steady = are_same(answers, others)
    return {"learner": learner, "params": params, "steady": steady, "answers": answers if steady else None}


def drawn_vote(rng):
    constants = rng.randn(rng.randint(1, 20)) * one_of([1, 1000], rng)
    members = len(constants)
    weights = one_of([rng.rand(members), np.ones(members), rng.randint(0, 4, members).astype(float)], rng)
    weights[rng.randint(members)] = 1
    return vote(constants, weights)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    # Few epochs do not converge, and high learning rates overflow.
    warnings.filterwarnings("ignore")
    np.seterr(all="ignore")
    ACTIVATIONS["tanh"] = c_tanh
    tables = []
    for seed in range(args.seed, args.seed + args.tables):
        rng = np.random.RandomState(seed)
        data, new = drawn_table(rng)
        params = [("Linear", {"fit_intercept": True}), ("Linear", {"fit_intercept": False})]
        params += [("MLP", network_parameters(len(data[0]), rng)) for _ in range(3)]
        fits = [fitted(learner, given, data, new, rng) for learner, given in params]
        names = dict(zip(["x", "y", "weights"], data))
        tables.append(names | {"name": f"table {seed}", "new": new, "fits": fits, "vote": drawn_vote(rng)})
    args.file.write_text(json.dumps(plain(tables)))
    fits = [fit for table in tables for fit in table["fits"]]
    print(f"{len(fits)} models of {len(tables)} tables, {sum(fit['steady'] for fit in fits)} of them steady")


if __name__ == "__main__":
    main()
