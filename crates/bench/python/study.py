"""The laptop-price study from its files to its plots, in Python: what the whole pipeline is timed against.

    python study.py --data DIR --plots DIR [--threads N]

Drops incomplete rows, encodes 68 columns, leaves out columns by variance inflation, splits by file, fits six
regressors behind a MaxAbsScaler, and draws predicted against actual prices. Prints the scores as JSON.
"""
import argparse
import json
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.tree import DecisionTreeRegressor
from statsmodels.stats.outliers_influence import variance_inflation_factor

ORIGINS = ["train", "val", "test"]
LABEL = "buynow_price"
PREFIXED = ["graphic card type", "warranty"]
NUMBERS = ["CPU cores", "RAM size", "CPU clock speed (GHz)", "drive memory size (GB)", "screen size"]
LISTS = ["communications", "input devices", "multimedia"]
PLAIN = ["drive type", "RAM type", "CPU model"]
VIF_LIMIT = 20.0


def load(folder):
    """Complete rows of the three files, by origin and original index."""
    def read(origin):
        text = (folder / f"{origin}_dataset.json").read_text()
        return pd.DataFrame(json.loads(text)).drop(columns="state").dropna()

    return pd.concat({origin: read(origin) for origin in ORIGINS})


def indicators(lists):
    """A column a level, in the order in which levels are first seen."""
    levels = list(dict.fromkeys(level for cell in lists for level in cell))
    return pd.DataFrame({level: [float(level in cell) for cell in lists] for level in levels}, index=lists.index)


def encode(laptops):
    """68 columns of numbers."""
    numbers = laptops[NUMBERS].copy()
    memory = laptops["RAM size"].str.split(" ", expand=True)
    numbers["RAM size"] = memory[0].astype(float).where(memory[1] == "gb", memory[0].astype(float) / 1000)
    numbers["screen size"] = laptops["screen size"].str.extract(r"^(\d+)")[0]
    numbers[["resolution_x", "resolution_y"]] = laptops["resolution (px)"].str.split(" x ", expand=True)
    blocks = [pd.get_dummies(laptops[PREFIXED]), numbers]
    blocks += [indicators(laptops[column]) for column in LISTS]
    blocks += [laptops["operating system"].str.join("|").str.get_dummies()]
    blocks += [pd.get_dummies(laptops[column]) for column in PLAIN]
    return pd.concat(blocks, axis=1).astype(float)


def select(encoded):
    """Leaves out the column with the largest variance inflation factor until none is above the limit."""
    names = list(encoded.columns)
    while True:
        values = encoded[names].to_numpy()
        factors = pd.Series([variance_inflation_factor(values, place) for place in range(len(names))], names)
        # Collinear columns tie at infinity: the study takes the last of the sorted ones, and keeps their order.
        factors = factors.sort_values()
        if factors.iloc[-1] <= VIF_LIMIT:
            return list(factors.index)
        names.remove(factors.index[-1])


def regressors(threads):
    return {
        "Linear": LinearRegression(),
        "MLP": MLPRegressor(learning_rate_init=0.6, max_iter=500, random_state=42),
        "DecisionTree": DecisionTreeRegressor(max_depth=15, random_state=42),
        "RandomForest": RandomForestRegressor(random_state=42, n_jobs=threads),
        "GradientBoosting": GradientBoostingRegressor(
            criterion="squared_error", learning_rate=0.6, random_state=42),
        "ExtraTrees": ExtraTreesRegressor(random_state=42, n_jobs=threads),
    }


def plot(name, predicted, actual, folder):
    figure, axes = plt.subplots()
    sns.regplot(x=predicted, y=actual, scatter_kws={"s": 10}, ax=axes)
    axes.set(title=name, xlabel="predicted", ylabel="actual")
    figure.savefig(folder / f"{name}.png")
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--plots", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args()
    # A constant column has an infinite factor, and says so at every look.
    warnings.filterwarnings("ignore")
    args.plots.mkdir(parents=True, exist_ok=True)

    laptops = load(args.data)
    encoded, label = encode(laptops), laptops[LABEL]
    names = select(encoded)
    x = {origin: encoded.loc[origin, names].to_numpy() for origin in ORIGINS}
    y = {origin: label.loc[origin].to_numpy() for origin in ORIGINS}

    scores = {}
    for name, regressor in regressors(args.threads).items():
        model = make_pipeline(MaxAbsScaler(), regressor).fit(x["train"], y["train"])
        predicted = model.predict(x["test"])
        scores[name] = float(root_mean_squared_error(y["test"], predicted))
        plot(name, predicted, y["test"], args.plots)
    print(json.dumps({"columns": encoded.shape[1], "features": len(names), "rmse": scores}))


if __name__ == "__main__":
    main()
