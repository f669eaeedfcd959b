#!/usr/bin/env python3
"""What pandas says of the sample data, and of small tables with every type of column, in every format.

    pip install -r requirements.txt && python3 pandas_says.py
"""
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

assert pd.__version__ == "3.1.1", pd.__version__
HERE = Path(__file__).parent
SAMPLE = HERE.parents[3] / "data" / "laptops"
TOP = 20  # values of a column that are kept here


def plain(value):
    if isinstance(value, (tuple, list, np.ndarray)):
        return [str(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def says(frame):
    """describe, info, value counts, and the first and last rows of a frame; lists count as sets of their items."""
    lists = [c for c in frame if frame[c].map(lambda cell: isinstance(cell, (list, np.ndarray))).any()]
    sets = frame.copy()
    for c in lists:
        sets[c] = frame[c].map(lambda cell: None if cell is None or cell is np.nan else tuple(sorted(set(cell))))
    columns = {}
    for c in frame:
        described = sets[[c]].describe(include="all")[c].to_dict()
        values = sets[c].dropna().explode() if c in lists else sets[c]
        counts = values.value_counts()
        columns[c] = {
            "describe": {name: plain(value) for name, value in described.items()},
            "non_null": int(frame[c].notna().sum()),
            "type": "list" if c in lists else str(frame[c].dtype),
            # In one piece, not one per row group.
            "memory": None if c in lists else int(
                pd.Series(frame[c].tolist(), dtype=frame[c].dtype).memory_usage(index=False)),
            "distinct": len(counts),
            "values": [[plain(value), int(count)] for value, count in counts.head(TOP).items()],
            "head": [plain(cell) for cell in frame[c].head(3)],
            "tail": [plain(cell) for cell in frame[c].tail(3)],
        }
    return {"rows": len(frame), "index": [int(i) for i in frame.index[:3]], "columns": columns}


def of_columns(path):
    frame = pd.DataFrame(json.loads(path.read_text()))
    frame.index = frame.index.astype(int)
    return frame


golden = {name: says(of_columns(SAMPLE / name))
          for name in ["train_dataset.json", "val_dataset.json", "test_dataset.json"]}

# Ties, signs, cells that are missing, columns of one value and of none.
random = np.random.RandomState(42)
n = 57
frame = pd.DataFrame({
    "price": np.round(np.exp(random.normal(8, 0.5, n)), 2),
    "gap": np.where(random.rand(n) < 0.3, np.nan, random.normal(size=n)),
    "whole": random.randint(-5, 5, n),
    "text": random.choice(["b", "a", "cé", "漢字"], n),
    "flag": random.rand(n) < 0.5,
    "none": np.full(n, np.nan),
    "one": np.full(n, 0.1),
})
frame.to_csv(HERE / "kinds.csv", index=False)
golden["kinds.csv"] = says(pd.read_csv(HERE / "kinds.csv"))
lines = frame.assign(tags=[sorted(random.choice(list("xyz"), 1 + i % 3)) for i in range(n)])
lines.to_json(HERE / "kinds.jsonl", orient="records", lines=True, double_precision=15)
golden["kinds.jsonl"] = says(pd.read_json(HERE / "kinds.jsonl", lines=True))
lines.to_json(HERE / "kinds-records.json", orient="records", double_precision=15)
golden["kinds-records.json"] = says(pd.read_json(HERE / "kinds-records.json"))
binary = lines.assign(
    id=np.arange(n, dtype="uint64") * 2**58,
    small=random.randint(0, 9, n).astype("int32"),
    byte=random.randint(0, 200, n).astype("uint8"),
    nullable=pd.array([None if i % 7 == 0 else i for i in range(n)], dtype="UInt32"),
    maybe=[None if i % 5 == 0 else "u" if i % 2 else "v" for i in range(n)],
    tags=[None if i % 9 == 0 else tags for i, tags in enumerate(lines["tags"])],
    infinite=np.where(random.rand(n) < 0.2, np.inf, 1.0),
)
binary.to_parquet(HERE / "kinds.parquet", index=False, row_group_size=20)
# As any program without pandas' own notes would read it.
import pyarrow.parquet as pq  # noqa: E402
table = pq.read_table(HERE / "kinds.parquet").replace_schema_metadata(None)
pq.write_table(table, HERE / "kinds.parquet", row_group_size=20)
golden["kinds.parquet"] = says(pd.read_parquet(HERE / "kinds.parquet"))

(HERE / "pandas.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
