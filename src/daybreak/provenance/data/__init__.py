"""Data: what an experiment reads, by content.

capturing     what is written down at hand-in
manifest      a dataset's files, version and splits · merkle: their one root
stat_cache    what was hashed before · hashing: what was not, in parallel · walk: files and their stamps
sources       adapters for formats and stores
given         what attempts are told of it
places        where all of it lies below a home
"""

from daybreak.provenance.data.capturing import Say, capture
from daybreak.provenance.data.hashing import Progress, Tell

__all__ = ["Progress", "Say", "Tell", "capture"]
