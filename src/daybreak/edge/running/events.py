"""What a device keeps of requests: feedback, and with `learn` the requests themselves, within bounds."""

from pathlib import Path

from daybreak.serving.events import SUFFIX

FOLDER = "events"  # below the device's folder
MOST = 256 << 20  # bytes; beyond it the oldest segments are dropped


def drop_oldest(folder: Path, most: int) -> None:
    """Keep a folder of events below `most` bytes; the newest segment stays whatever it weighs."""
    segments = sorted((file for file in folder.glob(f"*{SUFFIX}")), key=lambda file: file.name)
    sizes = [file.stat().st_size for file in segments]
    for segment, size in list(zip(segments, sizes, strict=True))[:-1]:
        if sum(sizes) <= most:
            return
        segment.unlink(missing_ok=True)
        sizes.remove(size)
