"""Folders of Hugging Face: the network by torch, its tokenizer as the step `tokenize`, its task as the steps behind it.

    text classification (one text, or a pair)      tokenize, softmax (or one number where the model has one label)
    extractive question answering                  tokenize in windows, span

Weights are read from safetensors alone, and no code of the folder's own is run.
"""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.export.frameworks import torch as by_torch
from daybreak.export.options import Options
from daybreak.export.samples import Samples
from daybreak.export.source import Declared, Made, Way
from daybreak.registry.package import Runtime, Step
from daybreak.signature.fields import Columns, Output

TOKENIZER = "assets/tokenizer.json"
TASKS = {"ForSequenceClassification": ("logits",), "ForQuestionAnswering": ("start_logits", "end_logits")}
STRIDE = 4  # windows of a long passage share a quarter of their tokens
LONGEST = 512
CHECKED = 16  # rows whose tokens are held against transformers' own

Arrays = dict[str, Any]


def load(folder: Path) -> "Folder":
    """A network and its tokenizer. Raises `UsageError` for a task that is not known here, `DamagedFile`."""
    try:
        import transformers
    except ImportError as error:
        raise UsageError(
            "a folder of Hugging Face is read by transformers, which is missing: pip install 'daybreak[huggingface]'"
        ) from error
    try:
        transformers.utils.logging.disable_progress_bar()
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        architecture = (config.architectures or [""])[0]
        task = next((suffix for suffix in TASKS if architecture.endswith(suffix)), "")
        if not task:
            raise UsageError(
                f"a folder of Hugging Face is {' or '.join(TASKS)}, {folder.name} is {architecture or 'of no task'}"
            )
        network = getattr(transformers, f"AutoModel{task}").from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, attn_implementation="eager"
        )
        transformers.utils.logging.enable_progress_bar()
    except (OSError, ValueError) as error:
        raise DamagedFile(
            f"{folder} is no folder of Hugging Face with safetensors and a tokenizer: {str(error)[:300]}"
        ) from error
    if not tokenizer.is_fast:
        raise UsageError(
            f"the tokenizer of {folder.name} has no tokenizer.json; save it by a fast tokenizer of transformers"
        )
    return Folder(network.float(), tokenizer, task)


class _Named(torch.nn.Module):  # type: ignore[misc]
    """The network with its inputs by position and the outputs of its task."""

    def __init__(self, network: torch.nn.Module, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        super().__init__()
        self.network, self.inputs, self.outputs = network, tuple(inputs), tuple(outputs)

    def forward(self, *feeds: torch.Tensor) -> dict[str, torch.Tensor]:
        told = self.network(**dict(zip(self.inputs, feeds, strict=True)), return_dict=True)
        return {name: told[name] for name in self.outputs}


@dataclass
class Folder:
    """A `Core` of a folder."""

    network: Any
    tokenizer: Any
    task: str
    framework = "Hugging Face"

    def __post_init__(self) -> None:
        taken = inspect.signature(self.network.forward).parameters
        self.inputs = tuple(name for name in self.tokenizer.model_input_names if name in taken)
        self._named = _Named(self.network, self.inputs, TASKS[self.task])

    @property
    def length(self) -> int:
        """Tokens at most."""
        known = getattr(self.network.config, "max_position_embeddings", None) or LONGEST
        return int(min(self.tokenizer.model_max_length, known, LONGEST))

    def answer(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """Logits by name."""
        return by_torch.answer(self._named, feeds)

    def files(self, feeds: Arrays, free: Mapping[str, tuple[int, ...]], options: Options) -> Iterator[Way]:
        """By `torch.export`, texts of any length."""
        del free
        lengths = dict.fromkeys(self.inputs, (1,))

        def write(folder: Path) -> Made:
            by_torch.convert(self._named, feeds, folder / "model.onnx", free=lengths, opset=options.opset)
            return Made(Runtime("onnx"), (), ())

        yield Way("ONNX", write)

    def declared(self, columns: Columns, samples: Samples, folder: Path) -> Declared:
        """Steps and output of the task; the tokenizer goes to the package's assets. Raises `UsageError` where it cuts texts otherwise."""
        self._keep_tokenizer(folder / TOKENIZER)
        fields = list(columns)
        if self.task == "ForQuestionAnswering" and len(fields) != 2:  # noqa: PLR2004
            raise UsageError(
                f"question answering takes a question and a passage, in this order, got {', '.join(fields)}"
            )
        options: dict[str, Any] = {"fields": fields, "tokenizer": TOKENIZER, "length": self.length}
        if self.task == "ForQuestionAnswering":
            options["stride"] = self.length // STRIDE
        self._check_tokens(folder / TOKENIZER, columns)
        return Declared((Step("tokenize", options),), *self._told(samples, fields))

    def _told(self, samples: Samples, fields: list[str]) -> tuple[tuple[Step, ...], tuple[Output, ...]]:
        name = samples.output
        if self.task == "ForQuestionAnswering":
            return (Step("span", {"start": "start_logits", "end": "end_logits", "to": name}),), (
                Output(name, "span", of=fields[1]),
            )
        config = self.network.config
        if config.num_labels == 1:
            return (Step("number", {"of": "logits", "to": name}),), (Output(name, "number"),)
        classes = samples.classes or tuple(config.id2label[place] for place in range(config.num_labels))
        return (Step("softmax", {"of": "logits", "to": name}),), (Output(name, "label", classes=classes),)

    def _keep_tokenizer(self, file: Path) -> None:
        """tokenizer.json with its padding in it, which transformers keeps beside."""
        file.parent.mkdir(exist_ok=True)
        told = json.loads(self.tokenizer.backend_tokenizer.to_str())
        told["padding"] = {
            "strategy": "BatchLongest",
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": self.tokenizer.pad_token_id or 0,
            "pad_type_id": getattr(self.tokenizer, "pad_token_type_id", 0),
            "pad_token": self.tokenizer.pad_token or "[PAD]",
        }
        file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")

    def _check_tokens(self, file: Path, columns: Columns) -> None:
        from tokenizers import Tokenizer

        kept = Tokenizer.from_file(str(file))
        kept.no_padding()
        kept.no_truncation()
        texts = [[text or "" for text in column[:CHECKED]] for column in columns.values()]
        ours = [
            encoded.ids for encoded in kept.encode_batch(list(zip(*texts, strict=True)) if len(texts) > 1 else texts[0])
        ]
        theirs = self.tokenizer(*texts, truncation=False, padding=False, verbose=False)["input_ids"]
        differing = [place for place, (a, b) in enumerate(zip(ours, theirs, strict=True)) if list(a) != list(b)]
        if differing:
            raise UsageError(
                f"tokenizer.json cuts {len(differing)} of {len(ours)} texts otherwise than transformers does; save the tokenizer again"
            )
