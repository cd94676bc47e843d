"""report.py FOLDER [--json] [--write]

Prints what script/bench has measured and left in FOLDER: a table, or JSON. --write also writes it into
docs/performance.md, between its two marks, and draws the charts in docs/performance.

A file NAME.native or NAME.vm has a value a line: nanoseconds; of what ends in "-rate" a rate, the more the better;
of what begins with "memory" or "disk" bytes. The file `about` has lines KEY=VALUE.
"""
import json
import os
import statistics
import sys

from charts import bars, line

MIB = 1 << 20

# name, in words, kind, goal. Kinds: ratio (VM / native, at most the goal; of a rate at least), bytes (at most,
# above the native value if there is one), growth (last / first), None: no goal is set.
GROUPS = [
    ("Starting", [
        ("run-rm", "`plume run --rm` of an empty program / a program that starts it and waits", "ratio", 1.3),
        ("start-scm", "`plume start` until the service manager answers / one process start", "ratio", 1.5),
        ("start-rpcss", "`plume start` until RpcSs runs / one process start", "ratio", 3),
        ("process", "process start and end in a running VM", "ratio", 1.10),
    ]),
    ("Files", [
        ("open", "open and close an unchanged file", "ratio", 1.05),
        ("stat", "attributes of an unchanged file", "ratio", 1.05),
        ("list", "list a folder of 1,000", "ratio", 1.05),
        ("create-file", "create, write and delete a file", "ratio", 1.20),
        ("open-changed", "open and close a changed file", "ratio", 1.20),
        ("read", "read 4 KiB on an open handle", "ratio", 1.00),
        ("write", "write 4 KiB on an open handle", "ratio", 1.00),
        ("map", "map, touch and unmap an open file", "ratio", 1.00),
    ]),
    ("Registry", [
        ("key", "open and query an unchanged key", "ratio", 1.05),
        ("create-key", "create, set and delete a key", "ratio", 1.20),
    ]),
    ("Communication", [
        ("event", "open a named event", "ratio", 1.05),
        ("pipe", "named pipe round trip", "ratio", 1.00),
        ("tcp", "TCP round trip", "ratio", 1.00),
        ("tcp-rate", "TCP throughput, MB/s", "ratio", 1.00),
        ("published-rate", "TCP throughput from outside: by `-p` / directly, MB/s", "ratio", None),
        ("com", "COM call to another process", "ratio", 1.00),
    ]),
    ("Service manager", [
        ("service-query", "open a service, query it, close it", "ratio", 1.00),
        ("service-start", "start an empty service until it runs", "ratio", 1.00),
    ]),
    ("Real services", [
        ("mysql-rate", "MySQL 5.7, sysbench OLTP, transactions/s", "ratio", 0.97),
        ("postgresql-rate", "PostgreSQL 15, pgbench, transactions/s", "ratio", 0.97),
    ]),
    ("What a VM takes", [
        ("memory-monitor", "memory of an idle VM's monitor, above an empty program's", "bytes", 2 * MIB),
        ("memory-layer", "memory of the layer in a process", "bytes", MIB // 2),
        ("disk", "disk of a new VM", "bytes", 64 << 10),
        ("disk-started", "disk of a VM after its first start", "bytes", None),
        ("many", "VMs made and started with an idle service: time of the last / of the first ones", "growth", 1.2),
    ]),
]

# The ways to have the same service twice on one machine: name, in words.
WAYS = [("vm", "Plume VM"), ("prefix", "fresh Wine prefix")]
WAY_MEASURES = [
    ("way-make", "made and started"), ("way-start", "started again"), ("way-service", "MySQL started, until it answers"),
    ("memory-way", "memory"), ("disk-way", "disk"), ("way-mysql-rate", "MySQL, transactions/s"),
]


def read(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return [float(text) for text in file.read().split()]
    except FileNotFoundError:
        return []


def quartiles(values):
    if len(values) < 2:
        return (values[0], values[0], values[0])
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (low, middle, high)


def measure(folder, name, words, kind, goal):
    """What came of it as an object of the JSON; None if it was not measured."""
    native, vm = read(folder, name + ".native"), read(folder, name + ".vm")
    if not vm or (kind == "ratio" and not native):
        return None
    unit = "rate" if name.endswith("-rate") else "bytes" if kind == "bytes" else "ns"
    entry = {"name": name, "words": words, "kind": kind, "unit": unit, "goal": goal, "samples": len(vm)}
    for where, values in (("native", native), ("vm", vm)):
        if values:
            entry[where] = dict(zip(("q1", "median", "q3"), quartiles(values)))
    if kind == "ratio":
        pairs = quartiles([b / a for a, b in zip(native, vm)])
        value = entry["vm"]["median"] / entry["native"]["median"]
        entry["spread"] = [pairs[0], pairs[2]]
    elif kind == "bytes":
        pairs = quartiles([b - a for a, b in zip(native, vm)] if native else vm)
        value = pairs[1]
        entry["spread"] = [pairs[0], pairs[2]]
    else:
        few = max(1, min(10, len(vm) // 2))
        first, last = quartiles(vm[:few]), quartiles(vm[-few:])
        value = last[1] / first[1]
        entry.update(first=first[1], last=last[1], spread=[last[0] / first[1], last[2] / first[1]])
    entry["value"] = value
    if goal is None:
        entry["met"] = None
    elif unit == "rate" and kind == "ratio":
        entry["met"] = value >= goal - 0.005
    else:
        entry["met"] = value <= goal + (0.005 if kind != "bytes" else 0)
    return entry


def of_bytes(value):
    return f"{value / MIB:.2f} MiB" if abs(value) >= MIB / 10 else f"{value / 1024:.0f} KiB"


def of_time(value):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}" if value < 1000 * size else f"{value / size:.0f} {unit}"
    return f"{value:.0f} ns"


def of_unit(unit, value):
    return {"bytes": of_bytes, "ns": of_time, "rate": lambda v: f"{v:.4g}" if v < 1000 else f"{v:.0f}"}[unit](value)


def cells(entry):
    """The five cells of a row: native, VM, value with its spread, goal, met."""
    native = of_unit(entry["unit"], entry["native"]["median"]) if "native" in entry else ""
    vm = of_unit(entry["unit"], entry["vm"]["median"])
    show = of_bytes if entry["kind"] == "bytes" else "{:.2f}".format
    low, high = entry["spread"]
    if entry["kind"] == "growth":
        native, vm = of_time(entry["first"]), of_time(entry["last"])
    value = f"{show(entry['value'])} ({show(low)} to {show(high)})"
    goal = ""
    if entry["goal"] is not None:
        sign = ">=" if entry["unit"] == "rate" else "<="
        goal = f"{sign} {show(entry['goal'])}"
    return native, vm, value, goal, {True: "yes", False: "no", None: ""}[entry["met"]]


def ways(folder):
    """The comparison of ways: a list of (measure, unit, {way: median})."""
    found = []
    for name, words in WAY_MEASURES:
        unit = "rate" if name.endswith("-rate") else "ns" if name.startswith("way") else "bytes"
        values = {way: statistics.median(read(folder, f"{name}.{way}")) for way, _ in WAYS if read(folder, f"{name}.{way}")}
        if values:
            found.append((name, words, unit, values))
    return found


def about(folder):
    with open(os.path.join(folder, "about"), encoding="utf-8") as file:
        return dict(row.rstrip("\n").split("=", 1) for row in file if "=" in row)


def markdown(groups, compared, told, many):
    lines = [
        f"Measured on {told['date']}: {told['machine']}, {told['system']}, {told['wine']}; {told['rounds']} rounds. The machine's load average was "
        f"{told['load_before']} before and {told['load_after']} after. Revision {told['revision']}.",
        "",
        "| measure | native | VM | VM / native, and its quartiles | goal | met |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for title, entries in groups:
        lines.append(f"| **{title}** | | | | | |")
        for entry in entries:
            lines.append("| " + " | ".join((entry["words"], *cells(entry))) + " |")
    goals = [entry for _, entries in groups for entry in entries if entry["met"] is not None]
    lines += ["", f"{sum(entry['met'] for entry in goals)} of {len(goals)} goals are met.", "",
              "![VM against native](performance/ratios.svg)"]
    if compared:
        names = [pair for pair in WAYS if any(pair[0] in values for _, _, _, values in compared)]
        lines += ["", "## Beside other ways to have it twice", "",
                  "| | " + " | ".join(words for _, words in names) + " |", "| --- |" + " --- |" * len(names)]
        for _, words, unit, values in compared:
            lines.append(f"| {words} | " + " | ".join(of_unit(unit, values[way]) if way in values else "" for way, _ in names) + " |")
        lines += ["", "![start, memory and disk](performance/ways.svg)"]
    if many:
        lines += ["", f"## {len(many)} VMs", "", "![time of each](performance/many.svg)"]
    return "\n".join(lines) + "\n"


def draw(folder, groups, compared, many):
    os.makedirs(folder, exist_ok=True)

    def put(name, text):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    rows = [(entry["words"].replace("`", ""), entry["value"], *entry["spread"], entry["goal"], entry["met"])
            for _, entries in groups for entry in entries if entry["kind"] == "ratio"]
    put("ratios.svg", bars("VM / native (bar: median; line: quartiles; mark: goal)", rows))
    if compared:
        rows = [(f"{words}: {dict(WAYS)[way]}", of_unit(unit, value), value / max(values.values()))
                for _, words, unit, values in compared for way, value in values.items()]
        put("ways.svg", bars("Each as part of the largest of its kind", [(w, f, None, None, None, None, text) for w, text, f in rows]))
    if many:
        put("many.svg", line("Milliseconds to make, start and run an idle service in the n-th VM", [value / 1e6 for value in many]))


def main():
    folder = sys.argv[1]
    root = os.path.dirname(os.path.abspath(__file__)) + "/../../.."
    groups = [(title, [entry for entry in (measure(folder, *row) for row in rows) if entry]) for title, rows in GROUPS]
    groups = [group for group in groups if group[1]]
    compared, told, many = ways(folder), about(folder), read(folder, "many.vm")
    if "--json" in sys.argv:
        print(json.dumps({"about": told, "measures": [entry for _, entries in groups for entry in entries],
                          "ways": [{"name": n, "words": w, "unit": u, **{"of": v}} for n, w, u, v in compared]}, indent=1))
    else:
        print(f"{'MEASURE':<76} {'NATIVE':>10} {'VM':>10}  {'VM / NATIVE (QUARTILES)':<24} {'GOAL':>8}  MET")
        for _, entries in groups:
            for entry in entries:
                native, vm, value, goal, met = cells(entry)
                print(f"{entry['words'].replace('`', ''):<76} {native:>10} {vm:>10}  {value:<24} {goal:>8}  {met}")
        for _, words, unit, values in compared:
            print(f"{words + ':':<34}" + "; ".join(f"{dict(WAYS)[way]} {of_unit(unit, value)}" for way, value in values.items()))
    if "--write" in sys.argv:
        page = root + "/docs/performance.md"
        with open(page, encoding="utf-8") as file:
            text = file.read()
        begin, end = "<!-- measured -->\n", "<!-- end of what is measured -->\n"
        before, rest = text.split(begin)
        after = rest.split(end)[1]
        with open(page, "w", encoding="utf-8") as file:
            file.write(before + begin + "\n" + markdown(groups, compared, told, many) + "\n" + end + after)
        draw(root + "/docs/performance", groups, compared, many)


main()
