"""What only a person can say of a model: what it is for and what not. From the experiment's `card:`, or a YAML or Markdown file."""

from pathlib import Path

import msgspec

from daybreak.base.errors import UsageError
from daybreak.spec.faults import shown
from daybreak.spec.fields import validated
from daybreak.spec.models import Card, Experiment
from daybreak.spec.yaml_text import read_yaml

MARKDOWN = (".md", ".markdown", ".txt")


class About(msgspec.Struct, frozen=True):
    """`text` is Markdown, where a file of that kind was given. `source`: where it was written; empty where nobody did."""

    use: str = ""
    limits: str = ""
    contact: str = ""
    license: str = ""
    text: str = ""
    source: str = ""


def of_spec(spec: Experiment) -> About:
    """What the experiment file says."""
    return _made(spec.card, "the experiment file") if spec.card is not None else About()


def read(file: Path) -> About:
    """What a file says: Markdown as it is, YAML with the keys of `card:`. Raises `UsageError`, `SpecError`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"what a card says is a Markdown or YAML file, {file} cannot be read: {why}") from error
    if file.suffix.lower() in MARKDOWN:
        return About(text=text.strip(), source=file.name)
    data, faults = read_yaml(text, str(file))
    if not isinstance(data, dict):
        faults.add(f"what a card says is a mapping of keys such as `use` and `limits`, got {shown(data)}", ())
        data = {}
    card = validated(Card, data, faults)
    faults.raise_if_any()
    return _made(card or Card(), file.name)


def _made(card: Card, source: str) -> About:
    return About(card.use, card.limits, card.contact, card.license, "", source)
