"""Writes the bad artifacts beside this script from a good run of the small table.

    cargo xtask pipeline --config tests/other/pipeline.toml --out OUT \\
        --set 'train={ Linear = {}, DecisionTree = { max_depth = 2 } }'
    pip install pyarrow==26.0.1
    python make.py OUT
"""
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
OUT = Path(sys.argv[1])


def write(name, table, metadata):
    pq.write_table(table.replace_schema_metadata(metadata), HERE / name, compression="none")


def footer_of(path):
    return {k: v for k, v in pq.read_metadata(path).metadata.items() if k != b"ARROW:schema"}


def main():
    linear, tree = OUT / "train/Linear.parquet", OUT / "train/DecisionTree.parquet"
    table, metadata = pq.read_table(linear), footer_of(linear)
    features = (OUT / "feature-selection/features.parquet").read_bytes()

    (HERE / "empty.parquet").write_bytes(b"")
    (HERE / "text.parquet").write_text("row_id,price\n1,2\n")
    (HERE / "truncated.parquet").write_bytes(features[: len(features) // 2])
    page = bytearray(linear.read_bytes())
    page[4:24] = b"\xff" * 20
    (HERE / "damaged-page.parquet").write_bytes(page)

    write("foreign.parquet", pa.table({"a": [1.0, 2.0]}), None)
    write("another-artifact.parquet", table, metadata)
    write("older-version.parquet", table, {**metadata, b"version": b"0"})
    write("missing-column.parquet", table.drop_columns(["coefficient"]), metadata)
    place = table.schema.get_field_index("coefficient")
    nulls = pa.array([None] * table.num_rows, pa.float64())
    write("null-coefficient.parquet", table.set_column(place, "coefficient", nulls), metadata)
    texts = pa.array(["x"] * table.num_rows)
    write("wrong-type.parquet", table.set_column(place, "coefficient", texts), metadata)

    nodes, metadata = pq.read_table(tree), footer_of(tree)
    place = nodes.schema.get_field_index("left")
    left = pa.array([0] + nodes["left"].to_pylist()[1:], pa.int32())
    write("endless-tree.parquet", nodes.set_column(place, "left", left), metadata)

    (HERE / "report-of-another-version.json").write_text('{"version": 99, "roles": {}}\n')
    (HERE / "not-a-report.json").write_text('{"version": 1}\n')


if __name__ == "__main__":
    main()
