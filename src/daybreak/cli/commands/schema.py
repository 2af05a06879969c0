"""`schema`: for editors."""

from daybreak.cli.arguments import Json
from daybreak.cli.output import print_json


def schema(*, json: Json = False) -> None:  # noqa: ARG001 (it is JSON in any case)
    """Print the JSON Schema of the experiment file."""
    from daybreak.spec.schema import json_schema

    print_json(json_schema())
