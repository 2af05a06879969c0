"""The machine a run stands on: what can change the bits of its results, and cannot be installed.

`facts` is for the process that trains (it reads what a framework that is already imported says of itself) and for the hand-in, where none
is. It imports no framework. Whatever cannot be found out is left out: absence is "not known", never "not there".
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

THREADS = re.compile(
    r"(?:OMP|MKL|OPENBLAS|NUMEXPR|VECLIB|BLIS|TBB|RAYON|KMP|GOTO|POLARS|TF)_.*(?:THREADS|AFFINITY|DYNAMIC|PARALLELISM)|PJRT_NPROC|NPROC"
)
SETTINGS = (
    *("MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_MAX_CPU_ISA"),
    *(
        "OPENBLAS_CORETYPE",
        "ATEN_CPU_CAPABILITY",
        "NPY_DISABLE_CPU_FEATURES",
        "CUBLAS_WORKSPACE_CONFIG",
        "PYTHONHASHSEED",
    ),
    *("NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "CUDA_LAUNCH_BLOCKING", "NCCL_ALGO", "NCCL_PROTO"),
    *("XLA_FLAGS", "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_ENABLE_ONEDNN_OPTS", "CUDA_VISIBLE_DEVICES"),
)
FLAGS = frozenset(  # instruction sets that numerical libraries choose their code by
    {"sse4_1", "sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8", "amx_fp16"}
    | {"asimd", "asimdhp", "asimddp", "sve", "sve2", "bf16", "i8mm", "svebf16"}
)
PATIENCE = 5.0  # seconds for nvidia-smi; a driver that hangs is not waited for


def facts() -> dict[str, Any]:
    """What this process stands on, as plain JSON data.

    {python, system, cpu: {model, architecture, flags, cores, usable}, threads: {variable: value}, settings: {variable: value}, blas: [...],
    torch: {...}, jax: {...}, gpus: [{model, driver}], container: {...}}; a part that is not known is left out. A few milliseconds.
    """
    found = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()).strip(),
        "cpu": cpu(),
        "threads": _variables(lambda name: THREADS.fullmatch(name) is not None),
        "settings": _variables(lambda name: name in SETTINGS),
        "blas": blas(),
        "torch": torch(),
        "jax": jax(),
        "gpus": gpus(),
        "container": container(),
    }
    return {name: value for name, value in found.items() if value}


def cpu() -> dict[str, Any]:
    """Model, architecture, the instruction sets that numerical code is chosen by, cores of the machine and those we may use."""
    lines = dict(_cpu_lines())
    model = lines.get("model name") or lines.get("Model") or _mac_model() or platform.processor()
    flags = set((lines.get("flags") or lines.get("Features") or "").split())
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "model": model,
        "architecture": platform.machine(),
        "flags": sorted(flag for flag in flags if flag in FLAGS or flag.startswith("avx512")),
        "cores": os.cpu_count(),
        "usable": usable,
    }


def blas() -> list[dict[str, Any]]:
    """Libraries of linear algebra and threads that are loaded in this process; [] when threadpoolctl is not there."""
    if "numpy" not in sys.modules and "torch" not in sys.modules:
        return []
    try:
        from threadpoolctl import threadpool_info  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return []
    kept = ("internal_api", "version", "num_threads", "threading_layer", "architecture")
    return [{name: library[name] for name in kept if library.get(name)} for library in threadpool_info()]


def torch() -> dict[str, Any]:
    """What torch says of itself; {} when it is not imported here. Opens no GPU that is not open."""
    module = sys.modules.get("torch")
    if module is None:
        return {}
    found: dict[str, Any] = {}
    with suppress(Exception):  # whatever its version lacks
        found["version"] = str(module.__version__)
        found["threads"] = module.get_num_threads()
        found["interop_threads"] = module.get_num_interop_threads()
        found["cpu_capability"] = module.backends.cpu.get_cpu_capability()
        found["deterministic"] = bool(module.are_deterministic_algorithms_enabled())
        found["matmul_precision"] = module.get_float32_matmul_precision()
        found["mkl"] = module.backends.mkl.is_available()
        found["onednn"] = module.backends.mkldnn.is_available()
        found["build"] = " ".join(module.__config__.show().split())
    return found | _cuda(module)


def jax() -> dict[str, Any]:
    """What JAX says of itself; {} when it is not imported here. Opens no back end."""
    module = sys.modules.get("jax")
    if module is None:
        return {}
    with suppress(Exception):
        config = module.config
        return {
            "version": module.__version__,
            "x64": bool(config.jax_enable_x64),
            "matmul_precision": str(config.jax_default_matmul_precision),
            "threefry_partitionable": bool(config.jax_threefry_partitionable),
        }
    return {}


def gpus() -> list[dict[str, str]]:
    """Model and driver of each NVIDIA GPU; [] when there is none. Read from the driver's files, else asked of nvidia-smi (some 50 ms)."""
    driver = re.search(r"Module\s+(?:for \S+\s+)?([0-9.]+)", _text(Path("/proc/driver/nvidia/version")))
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    models = [found[1].strip() for file in files if (found := re.search(r"^Model:(.*)$", _text(file), re.MULTILINE))]
    if driver is not None and models:
        return [{"model": model, "driver": driver[1]} for model in models]
    return _asked_gpus()


def _asked_gpus() -> list[dict[str, str]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        told = subprocess.run(
            [program, "--query-gpu=name,driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    lines = [line for line in told.splitlines() if line.strip()]
    return [dict(zip(("model", "driver"), map(str.strip, line.split(",")), strict=False)) for line in lines]


def container(root: Path = Path("/")) -> dict[str, str]:
    """The container this process is in: its kind, its id, and the digest of its image where its maker tells; {} outside of one."""
    found: dict[str, str] = {}
    if (root / ".dockerenv").exists():
        found["kind"] = "docker"
    elif (told := _text(root / "run/.containerenv")) or (root / "run/.containerenv").exists():
        found = {"kind": "podman"} | dict(re.findall(r'^(id|image|imageid)="([^"]*)"$', told, re.MULTILINE))
    elif name := os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER"):
        found = {"kind": "apptainer", "image": name}
    elif "KUBERNETES_SERVICE_HOST" in os.environ:
        found["kind"] = "kubernetes"
    if found and (ident := re.search(r"[0-9a-f]{64}", _text(root / "proc/self/mountinfo"))):
        found.setdefault("id", ident[0])
    if digest := os.environ.get(
        "DAYBREAK_IMAGE"
    ):  # a container cannot see its own image's digest: whoever starts it may say it
        found["image"] = digest
    return found


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two machines in ways that can change bits, each as a sentence for people; [] when nothing does."""
    told = [
        f"{what} was {before}, here it is {after}"
        for what, before, after in _compared(then, now)
        if before and after and before != after
    ]
    lost = sorted(set(then.get("cpu", {}).get("flags", [])) - set(now.get("cpu", {}).get("flags", [])))
    return told + ([f"this CPU lacks the run's instruction sets {', '.join(lost)}"] if lost and now.get("cpu") else [])


def _compared(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    yield "Python", then.get("python"), now.get("python")
    for what, field in (("the CPU", "model"), ("the architecture", "architecture")):
        yield what, then.get("cpu", {}).get(field), now.get("cpu", {}).get(field)
    for what, field in (("the GPU", "model"), ("the GPU's driver", "driver")):
        yield what, _first_gpu(then, field), _first_gpu(now, field)
    for field in ("version", "threads", "cuda", "cudnn", "nccl"):
        yield f"torch's {field}", then.get("torch", {}).get(field), now.get("torch", {}).get(field)


def _first_gpu(machine: Mapping[str, Any], field: str) -> str | None:
    found = machine.get("gpus", [])
    return found[0].get(field) if found else None


def _cuda(module: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with suppress(Exception):
        if module.version.cuda or getattr(module.version, "hip", None):
            found["cuda"] = module.version.cuda or f"ROCm {module.version.hip}"
            found["cudnn"] = module.backends.cudnn.version()
            found["cudnn_benchmark"] = module.backends.cudnn.benchmark
            found["tf32"] = module.backends.cuda.matmul.allow_tf32
            found["nccl"] = ".".join(map(str, module.cuda.nccl.version()))
            if module.cuda.is_initialized():
                found["device"] = module.cuda.get_device_name()
    return found


def _cpu_lines() -> Iterator[tuple[str, str]]:
    """Names and values of the first processor in /proc/cpuinfo."""
    with suppress(OSError), Path("/proc/cpuinfo").open(errors="replace") as file:
        for line in file:
            if not line.strip():
                return
            name, _, value = line.partition(":")
            yield name.strip(), value.strip()


def _mac_model() -> str:
    if platform.system() != "Darwin":
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.check_output(
            ["sysctl", "-n", "machdep.cpu.brand_string"], text=True, timeout=PATIENCE
        ).strip()
    return ""


def _variables(wanted: Any) -> dict[str, str]:
    return {name: value for name, value in sorted(os.environ.items()) if wanted(name)}


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
