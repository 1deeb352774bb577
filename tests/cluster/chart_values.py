"""The table of values in the chart's README, made from values.yaml and its comments. `python3 chart_values.py` writes it; a test compares."""
import json
import re

import yaml

from chart import CHART, LOADER

BEGIN, END = "<!-- values: begin -->\n", "<!-- values: end -->\n"


def leaves(values, schema, path=""):
    """(path, default) of every value that is set as a whole: what has no properties of its own in the schema, or no default below it."""
    for name, value in values.items():
        here, of = path + name, schema["properties"][name]
        if value and isinstance(value, dict) and "properties" in of:
            yield from leaves(value, of, here + ".")
        else:
            yield here, value


def comments(text):
    """{path: comment} by the lines of values.yaml: a comment belongs to the key after it."""
    found, path, said = {}, [], []
    for line in text.splitlines():
        comment = re.match(r"\s*# (.*)", line)
        key = re.match(r"( *)([\w./-]+):", line)
        if comment:
            said.append(comment[1])
        elif key:
            path = path[:len(key[1]) // 2] + [key[2]]
            found[".".join(path)] = " ".join(said)
            said = []
        else:
            said = []
    return found


def described():
    """[(path, default, comment)]; a comment above a block serves for the amounts in it."""
    text = (CHART / "values.yaml").read_text()
    said = comments(text)
    schema = json.loads((CHART / "values.schema.json").read_text())
    for path, default in leaves(yaml.load(text, LOADER), schema):
        parent = path
        while not said.get(parent) and "." in parent:
            parent = parent.rpartition(".")[0]
        yield path, default, said.get(parent, "")


def table():
    rows = ["| value | default | what it says |", "|---|---|---|"]
    for path, default, comment in described():
        rows.append(f"| `{path}` | `{json.dumps(default)}` | {comment} |")
    return "\n".join(rows) + "\n"


def with_table(readme):
    before, _, rest = readme.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    README = CHART / "README.md"
    README.write_text(with_table(README.read_text()))
