#!/usr/bin/env python3
"""The study's own benchmark of __slots__, as it was and asked again.

The study timed a class without __slots__ once, then a class with __slots__ once: head, tail, describe and info of a
pandas frame that each object holds. This repeats that in fresh processes in both orders, then in one process in turn
many times; and it measures what __slots__ does where it can do something, on many small objects.

    python3 slots.py [--data DIR] [--processes N] [--rounds N]

Prints Markdown. Needs pandas; requirements.txt pins what the figures in README.md were made with.
"""
import argparse
import contextlib
import gc
import io
import json
import platform
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "laptops"
SEED = 42


class WithDict:
    """DataExploration without slots: attributes live in a dictionary."""

    def __init__(self, data):
        self.data = data

    def explore(self):
        """What the study times."""
        with contextlib.redirect_stdout(io.StringIO()):
            print(self.data.head())
            print(self.data.tail())
            print(self.data.describe())
            self.data.info()


class WithSlots:
    """The same with slots: one fixed attribute."""

    __slots__ = ("data",)

    def __init__(self, data):
        self.data = data

    explore = WithDict.explore


class LaptopWithDict:
    """A small object with a dictionary."""

    def __init__(self, cores, ram, clock, price):
        self.cores = cores
        self.ram = ram
        self.clock = clock
        self.price = price


class LaptopWithSlots:
    """A small object with slots."""

    __slots__ = ("cores", "ram", "clock", "price")

    __init__ = LaptopWithDict.__init__


def frame(folder):
    """The study's train rows."""
    import pandas as pd

    with open(Path(folder) / "train_dataset.json") as file:
        return pd.DataFrame(json.load(file))


def once(cls, data):
    """Seconds of one exploration: processor time, which other programs do not lengthen."""
    start = time.process_time()
    cls(data).explore()
    return time.process_time() - start


def faster(first, second):
    """Per cent by which `second` is faster than `first`, as the study counts."""
    return 100.0 * (first - second) / first


def interval(with_dict, with_slots, draws):
    """Ratio of medians, slots by dict, with its 95 % bootstrap interval over rounds."""
    rounds = range(len(with_dict))
    ratios = []
    for _ in range(2000):
        picks = draws.choices(rounds, k=len(with_dict))
        ratios.append(statistics.median(with_slots[i] for i in picks)
                      / statistics.median(with_dict[i] for i in picks))
    ratios.sort()
    ratio = statistics.median(with_slots) / statistics.median(with_dict)
    return ratio, ratios[round(0.025 * 1999)], ratios[round(0.975 * 1999)]


def per_cent(ratio, low, high):
    """A ratio as per cent faster, with its interval and verdict."""
    real = "a real difference" if high < 1 or low > 1 else "no difference to be seen"
    return f"{100 * (1 - ratio):.1f} % faster ({100 * (1 - high):.1f} to {100 * (1 - low):.1f}): {real}"


def fresh(folder, order):
    """Both classes once in this order, in this process; JSON for `in_fresh_processes`."""
    classes = {"dict": WithDict, "slots": WithSlots}
    seconds = {}
    for name in order.split(","):
        start = time.process_time()
        data = frame(folder)
        read_seconds = time.process_time() - start
        explored = once(classes[name], data)
        seconds[name] = {"exploration": explored, "reading and exploration": read_seconds + explored}
    print(json.dumps(seconds))


def in_fresh_processes(folder, processes):
    """The study's way: each class once, one after the other, in a process of its own; in both orders."""
    print("\n## Once, one after the other, as the study did\n")
    print("| timed | order | without slots | with slots | the second is faster by | slots are faster by |")
    print("|---|---|---|---|---|---|")
    runs = {"dict,slots": [], "slots,dict": []}
    for _ in range(processes):
        for order, seconds in runs.items():
            command = [sys.executable, __file__, "--data", str(folder), "--fresh", order]
            seconds.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    for part in ["exploration", "reading and exploration"]:
        for order, seconds in runs.items():
            first, second = order.split(",")

            def gain(one, other):
                """Median per cent by which `other` is faster than `one`."""
                return statistics.median(faster(run[one][part], run[other][part]) for run in seconds)

            medians = [1e3 * statistics.median(run[name][part] for run in seconds) for name in ["dict", "slots"]]
            print(f"| {part} | {first} first | {medians[0]:.1f} ms | {medians[1]:.1f} ms "
                  f"| {gain(first, second):.1f} % | {gain('dict', 'slots'):.1f} % |")
    print(f"\nMedians of {processes} processes an order.")


def in_turn(folder, rounds, draws):
    """Both classes in one process, in random order, after a warm-up; seconds, then peak memory."""
    print("\n## In turn, in random order, after a warm-up\n")
    data = frame(folder)
    seconds = {WithDict: [], WithSlots: []}
    for cls in seconds:
        once(cls, data)
    for _ in range(rounds):
        for cls in draws.sample(list(seconds), k=2):
            seconds[cls].append(once(cls, data))
    peaks = {}
    for cls in seconds:
        gc.collect()
        tracemalloc.start()
        once(cls, data)
        peaks[cls] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    ratio = interval(seconds[WithDict], seconds[WithSlots], draws)
    medians = [1e3 * statistics.median(seconds[cls]) for cls in [WithDict, WithSlots]]
    print(f"Exploration of {len(data)} rows: {medians[0]:.2f} ms without slots, {medians[1]:.2f} ms with slots, "
          f"{rounds} rounds: slots are {per_cent(*ratio)}. Peak memory: {peaks[WithDict] / 1e6:.3f} MB and "
          f"{peaks[WithSlots] / 1e6:.3f} MB. The objects themselves: {shallow(WithDict(data))} B and "
          f"{shallow(WithSlots(data))} B, beside a frame of {data.memory_usage(deep=True).sum() / 1e6:.1f} MB.")


def shallow(instance):
    """Bytes of an object and of the dictionary that it may have."""
    attributes = getattr(instance, "__dict__", None)
    return sys.getsizeof(instance) + (0 if attributes is None else sys.getsizeof(attributes))


def held(cls, number):
    """Bytes an object of `number` ones, whose values are shared."""
    gc.collect()
    tracemalloc.start()
    objects = [cls(4, 8, 2.5, 3184.0) for _ in range(number)]
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (used - sys.getsizeof(objects)) / number, objects


def read(objects):
    """All attributes of all objects."""
    total = 0.0
    for laptop in objects:
        total += laptop.cores + laptop.ram + laptop.clock + laptop.price
    return total


def small_objects(number, rounds, draws):
    """What slots do to many small objects: memory, reads, creation."""
    print(f"\n## {number} small objects of four attributes\n")
    print("| | without slots | with slots | slots are |")
    print("|---|---|---|---|")
    classes = [LaptopWithDict, LaptopWithSlots]
    memory, objects = {}, {}
    for cls in classes:
        memory[cls], objects[cls] = held(cls, number)
    a, b = (memory[cls] for cls in classes)
    print(f"| memory an object, tracemalloc | {a:.0f} B | {b:.0f} B | {100 * (1 - b / a):.1f} % smaller |")
    actions = {
        "all attributes read": lambda cls: read(objects[cls]),
        "objects created": lambda cls: [cls(4, 8, 2.5, 3184.0) for _ in range(number)],
    }
    for name, action in actions.items():
        seconds = {cls: [] for cls in classes}
        for turn in range(rounds + 1):
            for cls in draws.sample(classes, k=2):
                start = time.process_time()
                action(cls)
                if turn > 0:
                    seconds[cls].append(time.process_time() - start)
        ratio = interval(seconds[classes[0]], seconds[classes[1]], draws)
        medians = [1e3 * statistics.median(seconds[cls]) for cls in classes]
        print(f"| {name} | {medians[0]:.1f} ms | {medians[1]:.1f} ms | {per_cent(*ratio)} |")


def main():
    """Runs all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=SAMPLE, help="folder of train_dataset.json")
    parser.add_argument("--processes", type=int, default=7, help="fresh processes an order")
    parser.add_argument("--rounds", type=int, default=40, help="rounds in turn")
    parser.add_argument("--fresh", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.fresh:
        fresh(args.data, args.fresh)
        return
    import pandas as pd

    print(f"Python {platform.python_version()}, pandas {pd.__version__}")
    draws = random.Random(SEED)
    in_fresh_processes(args.data, args.processes)
    in_turn(args.data, args.rounds, draws)
    small_objects(100_000, args.rounds, draws)


if __name__ == "__main__":
    main()
