"""What server and models say of themselves, over HTTP and gRPC alike."""

from importlib.metadata import version

from daybreak.serving.calls import Arm
from daybreak.serving.engine import Engine
from daybreak.serving.v2.answers import outputs_of
from daybreak.serving.v2.infer import arm_of
from daybreak.serving.v2.mapping import Described, inputs_of

NAME = "daybreak"
EXTENSIONS = ("binary_tensor_data", "classification", "parameters")


def server() -> tuple[str, str, tuple[str, ...]]:
    """Name, version, extensions."""
    return NAME, version("daybreak"), EXTENSIONS


def model(
    engine: Engine, name: str, told_version: str | None
) -> tuple[Arm, list[str], list[Described], list[Described]]:
    """The arm, all versions of its model that are served, inputs, outputs. Raises `Refusal`."""
    arm = engine.arms[arm_of(engine, name, told_version) or engine.champion.served.arm]
    versions = sorted({served.version for served in engine.deployment.served if served.model == arm.served.model})
    signature = arm.model.signature
    return arm, [str(one) for one in versions], inputs_of(signature), outputs_of(signature)


def platform(arm: Arm) -> str:
    """As Triton names what runs a model."""
    return "onnxruntime_onnx" if arm.model.package.runtime.kind == "onnx" else "python"
