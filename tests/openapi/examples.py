#!/usr/bin/env python3
"""examples.py OPENAPI: each example that does not fit its schema, and how many
there are."""
import json
import sys

import jsonschema


def examples(value, at="#"):
    """(place, schema, example) of all, by the rules of OpenAPI 3.1."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from examples(item, f"{at}/{number}")
    if not isinstance(value, dict):
        return
    given = value.get("examples")
    if isinstance(given, list):             # of a schema
        for item in given:
            yield at, value, item
    elif isinstance(given, dict):           # of a media type or parameter
        for item in given.values():
            yield at, value.get("schema", True), item["value"]
    if "example" in value:
        yield at, value.get("schema", value), value["example"]
    for name, item in value.items():
        if name not in ("example", "examples", "default"):
            yield from examples(item, f"{at}/{name}")


def main(path):
    with open(path, encoding="utf-8") as file:
        whole = json.load(file)
    count = 0
    for place, schema, example in examples(whole):
        count += 1
        validator = jsonschema.Draft202012Validator(
            {"allOf": [schema], "components": whole["components"]})
        for error in validator.iter_errors(example):
            print(f"{place}: {error.message}")
    print(count, "examples")


if __name__ == "__main__":
    main(*sys.argv[1:])
