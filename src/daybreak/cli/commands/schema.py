"""`schema`: for editors."""

from daybreak.cli.output import print_json


def schema() -> None:
    """Print the JSON Schema of the experiment file."""
    from daybreak.spec.schema import json_schema

    print_json(json_schema())
