"""Data: what an experiment reads, by content.

capturing     what is written down at hand-in · named_on_command_line: data that unedited scripts are given
manifest      a dataset's files, version and splits · file: one of them · merkle: their one root
stat_cache    what was hashed before · hashing: what was not, in parallel · walk: files and their stamps
sources       adapters for formats and stores
splits        which sample is in train, validation or test
snapshots     bytes that are kept, and the folders that attempts are given of them · given: what attempts are told
comparing     what differs · changed: since hand-in · verifying: byte for byte
registered    datasets of a home by name · places: where all of it lies below a home
"""

from daybreak.provenance.data.capturing import Say, capture
from daybreak.provenance.data.hashing import Progress, Tell

__all__ = ["Progress", "Say", "Tell", "capture"]
