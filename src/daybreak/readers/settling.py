"""What all sides must agree upon before the first row is read: the names of columns, the size of the small copies of pictures."""

from daybreak.readers.arrays import Arrays
from daybreak.readers.delimited import Delimited
from daybreak.readers.media import Media
from daybreak.readers.pictures import THUMBNAIL
from daybreak.readers.source import Source
from daybreak.readers.splitting import Chosen

LOOKED_AT = 400  # files of a side whose headers are read


def settle(sources: dict[str, Source]) -> None:
    """Let decoders look at files of all sides, arrays of pictures agree on one size, and tables on the names of their columns."""
    _name_columns([source for source in sources.values() if isinstance(source, Delimited)])
    wholes = {id(whole): whole for whole in (_whole(source) for source in sources.values())}.values()
    media = [whole for whole in wholes if isinstance(whole, Media)]
    samples = [data for each in media for data in each.some(LOOKED_AT)]
    for each in media:
        each.decoder.prepare(samples)
    pictures = [whole for whole in wholes if isinstance(whole, Arrays) and whole.pictures is not None]
    if pictures:
        shapes = {each.wish() for each in pictures}
        shape = shapes.pop() if len(shapes) == 1 else (THUMBNAIL, THUMBNAIL, max(shape[2] for shape in shapes))
        extent = (min(each.extent[0] for each in pictures), max(each.extent[1] for each in pictures))
        for array in pictures:
            array.shape, array.extent = shape, extent


def _whole(source: Source) -> Source:
    return source.whole if isinstance(source, Chosen) else source


def _name_columns(tables: list[Delimited]) -> None:
    """A table without a header has the names of one with a header, where they are equally wide."""
    named = next((table for table in tables if table.header), None)
    for table in tables if named else ():
        if named is not None and not table.header and len(table.schema) == len(named.schema):
            table.rename(named.schema.names)
