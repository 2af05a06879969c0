"""What comes of an export; light, so that whoever registers a package needs no framework."""

from dataclasses import dataclass, field

from daybreak.export.parity import Parity
from daybreak.registry.package import Runtime, Step
from daybreak.signature.fields import Signature


@dataclass(frozen=True)
class Exported:
    """What a package's record is made of. `framework`: of the original; `limits`: where the export differs, in sentences."""

    framework: str
    runtime: Runtime
    signature: Signature
    parity: Parity
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    limits: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
