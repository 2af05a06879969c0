"""A record for a folder of files."""

from daybreak.registry import package as packages
from daybreak.signature.fields import Field, Output, Signature


def seal(folder, version=3):
    signature = Signature((Field("x", "number"),), (Output("y", "number"),))
    runtime = packages.Runtime("onnx")
    return packages.seal(folder, packages.Package("small", version, 1.0, signature, runtime))
