"""A policy: what a gate asks of a run, in a YAML file beside the model or in the code that promotes it.

    audits: {"*": block, shift: warn, "code.*": warn, label_errors: ignore}
    require: [overlap.exact, target_leak]
    test_looks: 3
    metrics: {accuracy: ">= 0.9", auc: {at: ">= 0.95", by: low}}
    max_age: 30d

What an audit is asked for is what its most exact pattern says; one that no pattern names is a warning. Every fault of a file is told at
once, with its line.
"""

import fnmatch
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from daybreak.audit.code.rules import WORDINGS
from daybreak.audit.registry import RULES
from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_json
from daybreak.spec.domains import Number, Whole
from daybreak.spec.faults import Faults, NamedPlaces, did_you_mean, shown
from daybreak.spec.fields import validated
from daybreak.spec.quantities import read_duration
from daybreak.spec.yaml_text import read_yaml

Action = Literal["block", "strict", "warn", "ignore"]
ANY = "*"
ABOVE = (  # rules that look at more than rows
    *(
        "code",
        "data",
        "predict",
        "rescore",
        "preprocessing",
        "shuffled_labels",
        "baseline",
        "model_holds_data",
        "test_better.model",
    ),
    *(f"code.{name}" for name in WORDINGS),
)
READING = "input"  # what was odd about the files, `input.*`: the readers name it
KNOWN = (*(rule.name for rule in RULES), *ABOVE)

_CONDITION = re.compile(r"\s*(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Model):
    """What a metric must be, and which of its values counts."""

    at: str = Field(description="`>= 0.9`, `> 0.9`, `<= 0.1` or `< 0.1`.")
    on: Literal["clean", "test", "reported"] | None = Field(
        default=None,
        description="clean: test rows without those that overlap with train, as an audit scored them; test: what `run.score_test` gave; "
        "reported: what the training reported. Left out: the first of these that there is.",
    )
    by: Literal["value", "low", "high"] = Field(
        default="value",
        description="The value, or the lower or upper end of its 95 % interval, where an audit gave one.",
    )

    @property
    def limit(self) -> float:
        """The number it is compared with."""
        return float(_parts(self.at)[1])

    def holds(self, value: float) -> bool:
        """Whether a value is good enough; NaN never is."""
        sign, limit = _parts(self.at)
        return {">=": value >= limit, ">": value > limit, "<=": value <= limit, "<": value < limit}[sign]


class Policy(_Model):
    """What is asked of a run before it is promoted."""

    audits: dict[str, Action] = Field(
        default={ANY: "block"},
        description="Pattern of audits to what follows from a finding. block: an error blocks, a warning is told; strict: warnings block, "
        "too; warn: nothing blocks; ignore: it is not asked. An audit that blocks and was not run blocks.",
    )
    require: tuple[str, ...] = Field(
        default=(), description="What must have been run, whatever follows: patterns of audits, and `test_looks`."
    )
    test_looks: Whole | None = Field(
        default=3, ge=0, description="Most looks of the model's family at its sealed test data; null: not asked."
    )
    metrics: dict[str, Condition] = Field(default={}, description="Metric to what it must be.")
    max_age: Number | None = Field(
        default=None, gt=0, description="Seconds (or `30d`) after which an audit counts as not run."
    )

    @property
    def digest(self) -> str:
        """blake3 over its resolved form."""
        return hash_json(self.model_dump(mode="json"))

    def pattern(self, rule: str) -> str:
        """The most exact of its patterns that names the rule; "" for none."""
        matching = [pattern for pattern in self.audits if matches(pattern, rule)]
        return max(matching, key=_exactness, default="")

    def action(self, rule: str) -> Action:
        """What follows from a finding of this rule."""
        return self.audits.get(self.pattern(rule), "warn")

    def required(self, rule: str) -> bool:
        """Whether it must have been run."""
        return self.action(rule) in ("block", "strict") or any(matches(pattern, rule) for pattern in self.require)


class Given(NamedTuple):
    """A policy and where it came from."""

    policy: Policy
    source: str


DEFAULT = Given(Policy(require=(*(rule.name for rule in RULES), "code")), "the default policy")


def matches(pattern: str, rule: str) -> bool:
    """Whether a pattern (`*` and `?` as in file names) names a rule; `code.*` names `code` itself, too."""
    return fnmatch.fnmatchcase(rule, pattern) or pattern == f"{rule}.{ANY}"


def read(file: Path) -> Given:
    """The policy of a file. Raises `UsageError` when it cannot be read, `SpecError` with every fault."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"a policy is a YAML file, {file} cannot be read: {why}") from error
    data, faults = read_yaml(text, str(file))
    return Given(_resolved({} if data is None else data, faults), str(file))


def of(data: Mapping[str, Any], source: str = "<python>") -> Given:
    """The same from plain data. Raises `SpecError`."""
    return Given(_resolved(dict(data), Faults(NamedPlaces(source))), source)


def _resolved(data: Any, faults: Faults) -> Policy:
    if not isinstance(data, dict):
        faults.add(f"a policy is a mapping of keys such as `audits` and `metrics`, got {shown(data)}", ())
        data = {}
    policy = validated(Policy, _normalised(data, faults), faults)
    if policy is not None:
        _check(policy, faults)
    faults.raise_if_any()
    if policy is None:
        raise AssertionError("a policy that cannot be validated has a fault")
    return policy


def _normalised(data: dict[str, Any], faults: Faults) -> dict[str, Any]:
    """Shorthands: a condition as text, an age with its unit, one name in place of a list."""
    found = dict(data)
    if isinstance(metrics := found.get("metrics"), dict):
        found["metrics"] = {name: {"at": told} if isinstance(told, str) else told for name, told in metrics.items()}
    if isinstance(found.get("require"), str):
        found["require"] = [found["require"]]
    if isinstance(age := found.get("max_age"), str):
        try:
            found["max_age"] = read_duration(age)
        except ValueError as error:
            faults.add(str(error), ("max_age",))
            del found["max_age"]
    return found


def _check(policy: Policy, faults: Faults) -> None:
    for pattern in policy.audits:
        if not faults.is_broken("audits", pattern):
            _check_pattern(pattern, ("audits", pattern), faults, key=True)
    for index, pattern in enumerate(policy.require if not faults.is_broken("require") else ()):
        if pattern != "test_looks":
            _check_pattern(pattern, ("require", index), faults)
    for name, condition in policy.metrics.items():
        if not _CONDITION.fullmatch(condition.at):
            rule = f"`metrics.{name}` is a comparison such as `>= 0.9`, got {condition.at!r}"
            faults.add(rule, ("metrics", name))


def _check_pattern(pattern: str, path: tuple[str | int, ...], faults: Faults, *, key: bool = False) -> None:
    """A slip of the pen must not be a question that nobody answers."""
    if any(matches(pattern, rule) for rule in KNOWN) or pattern.partition(".")[0] == READING:
        return
    hint = did_you_mean(pattern, [*KNOWN, *(f"{name}.{ANY}" for name in ("code", "overlap", READING))])
    faults.add(f"there is no audit `{pattern}`{hint or '; daybreak audit --help names them'}", path, key=key)


def _exactness(pattern: str) -> tuple[bool, int]:
    return not ({*pattern} & {"*", "?", "["}), len(pattern)


def _parts(condition: str) -> tuple[str, float]:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise UsageError(f"a condition is a comparison such as `>= 0.9`, got {condition!r}")
    return found[1], float(found[2])
