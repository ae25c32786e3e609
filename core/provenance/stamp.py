"""Turn finished pixels into the exact, labelled bytes that are stored and posted.

The order is fixed: words in the corner, where they are asked for; the mark; looks and thumbnail of
the marked pixels; the file with its plain metadata; the signature last. A layer that fails stops
the picture, unless the operator allows it to be missed: then the record says so.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.contracts.ids import VerifyId
from core.contracts.provenance import GenerationMode, Recipe, Relation, StampFacts
from core.contracts.registry import Fingerprints, Layer, MarkFacts, MarkState, RecordKind
from core.errors import AppError
from core.provenance import encoding, moving, native
from core.provenance.aigc import aigc_of
from core.provenance.container import inspect
from core.provenance.corner import WORDS, WORDS_CN, with_corner
from core.provenance.encoding import Words
from core.provenance.keys import SigningKeys
from core.provenance.layers import Layers
from core.provenance.manifest import MARKED, manifest_of
from core.provenance.options import LabelOptions, Region
from core.provenance.signed import Signed
from core.provenance.stamped import Stamped, record_of
from core.provenance.trial import try_chain
from core.provenance.xmp import packet_of

if TYPE_CHECKING:
    from PIL import Image

    from core.provenance.authority_time import TimeAuthority
    from core.provenance.mark.marker import Marker

__all__ = ["GenerationMode", "Recipe", "StampFacts", "Stamped", "Stamper", "record_of"]

GRID_MOST = 4
"""Tiles of a grid: two by two."""
LABEL_ROOM = 24_576
"""Bytes that a copy's label may take: 4 KB here, and some more with a long chain of certificates,
a signature by a command and a time stamp."""
_FILMS = frozenset({moving.GIF, moving.WEBP, moving.MP4})

_Looks = tuple[Fingerprints | None, bytes | None]


class Stamper:
    """Label files with one signing chain; safe to share between threads and after a fork.

    Raises:
        UserError: `signing_keys_unusable`, at once rather than at the first picture.
    """

    def __init__(
        self,
        keys: SigningKeys,
        marker: "Marker | None" = None,
        options: LabelOptions | None = None,
        clock_authority: "TimeAuthority | None" = None,
    ) -> None:
        """Take what the layers need.

        Args:
            keys: The chain that signs.
            marker: What marks the pixels; None: nothing does, and records say `off`.
            options: What the operator decided; None: the defaults.
            clock_authority: Who vouches for the time; None: nobody.
        """
        try_chain(keys)
        self._keys = keys
        self._marker = marker
        self._options = options or LabelOptions()
        self._clock_authority = clock_authority

    def stamp(
        self, image: "Image.Image", facts: StampFacts, *, has_corner: bool = False
    ) -> Stamped:
        """Mark, encode, label and sign a picture.

        Args:
            image: As it was drawn and checked.
            facts: What its label says.
            has_corner: The community wants words in the corner; a region's rules may anyway.

        Raises:
            AppError: `label_failed`: a layer did, and may not be missed.
        """
        return self._stamp_pixels(image, facts, RecordKind.PICTURE, has_corner=has_corner)

    def stamp_grid(
        self, tiles: Sequence["Image.Image"], facts: StampFacts, *, has_corner: bool = False
    ) -> Stamped:
        """Put up to four pictures side by side and label the whole; each is labelled by itself.

        Args:
            tiles: As they were drawn or as they were posted: the marks of these are taken out
                before the grid gets its own.
            facts: Of the grid: an id of its own, and each tile as an ingredient.
            has_corner: As for a picture.

        Raises:
            AppError: `label_failed`.
            ValueError: there are not two to four tiles, each named as an ingredient.
        """
        parts = [each for each in facts.ingredients if each.relation is Relation.COMPONENT_OF]
        if not 1 < len(tiles) <= GRID_MOST or len(parts) != len(tiles):
            raise ValueError(len(tiles))
        return self._stamp_pixels(_grid_of(tiles), facts, RecordKind.GRID, has_corner=has_corner)

    def stamp_copy(
        self, data: bytes, facts: StampFacts, mark: MarkFacts, *, media_type: str, max_bytes: int
    ) -> Stamped:
        """Encode a posted picture once more so that it has at most so many bytes.

        The mark in its pixels is the original's and stays; everything around them is made anew.

        Args:
            data: The posted bytes.
            facts: Of the copy: an id of its own, and the original as its parent.
            mark: What is in the original's pixels.
            media_type: PNG, JPEG or WebP.
            max_bytes: What a platform takes.

        Raises:
            AppError: `label_failed`, or `copy_does_not_fit`.
        """
        layers = Layers(self._options.may_miss)
        words = layers.apply(Layer.XMP, lambda: self._words(facts), lambda: None)
        pixels = encoding.decode(data)
        encoded, image = encoding.fitted(
            pixels, media_type, words, max_bytes=max_bytes, room=LABEL_ROOM
        )
        kept = layers.apply(Layer.MARK, lambda: self._kept(encoded, mark), _no_mark)
        copy = Stamped(encoded, *image.size, media_type, RecordKind.COPY, kept)
        signed = self._signed(copy, facts, layers)
        if len(signed.data) > max_bytes:
            raise AppError("copy_does_not_fit", value=max_bytes)
        return signed

    def stamp_file(self, data: bytes, facts: StampFacts) -> Stamped:
        """Label an animated GIF or WebP, or an MP4, without changing a byte of its frames.

        It carries no mark. Looks and thumbnail are those of its first frame; an MP4 has none, for
        nothing here decodes it.

        Raises:
            AppError: `label_failed`.
            NotAPicture: it is none that can be read.
            ValueError: it is of another type.
        """
        frame = inspect(data)
        if frame.media_type not in _FILMS or frame.fault is not None:
            raise ValueError(frame.media_type)
        layers, kind = Layers(self._options.may_miss), RecordKind.ANIMATION
        first = None if frame.media_type == moving.MP4 else encoding.decode(data)
        looks, thumbnail = layers.apply(
            Layer.FINGERPRINT, lambda: _looks(first), lambda: (None, None)
        )
        worded = layers.apply(
            Layer.XMP,
            lambda: moving.with_packet(data, frame.media_type, self._words(facts).packet.encode()),
            lambda: data,
        )
        mark = MarkFacts(state=MarkState.OFF)
        film = Stamped(worded, frame.width, frame.height, frame.media_type, kind, mark)
        return self._signed(replace(film, fingerprints=looks, thumbnail=thumbnail), facts, layers)

    def marked_as(self, image: "Image.Image", mark: MarkFacts) -> "Image.Image":
        """Mark pixels as another picture was marked, to hold one against the other.

        Raises:
            ValueError: the key or the method of that mark is not at hand.
        """
        if mark.state not in MARKED:
            return image.convert("RGB")
        if self._marker is None:
            raise ValueError(mark.backend)
        import numpy as np
        from PIL import Image

        return Image.fromarray(self._marker.embed_as(np.asarray(image.convert("RGB")), mark))

    def _stamp_pixels(
        self, image: "Image.Image", facts: StampFacts, kind: RecordKind, *, has_corner: bool
    ) -> Stamped:
        if image.mode not in encoding.MODES:  # To convert it would change what was checked.
            raise ValueError(image.mode)
        layers = Layers(self._options.may_miss)
        drawn = layers.apply(
            Layer.VISIBLE, lambda: self._cornered(image, has_corner=has_corner), lambda: image
        )
        marked, mark = layers.apply(
            Layer.MARK, lambda: self._marked(drawn, facts.verify_id), lambda: (drawn, _no_mark())
        )
        looks, thumbnail = layers.apply(
            Layer.FINGERPRINT, lambda: _looks(marked), lambda: (None, None)
        )
        encoded = layers.apply(
            Layer.XMP,
            lambda: encoding.encode(marked, encoding.PNG, self._words(facts)),
            lambda: encoding.encode(marked, encoding.PNG, None),
        )
        picture = Stamped(
            encoded,
            *marked.size,
            encoding.PNG,
            kind,
            mark,
            fingerprints=looks,
            thumbnail=thumbnail,
            drawn=drawn,
            drawn_sha256=hashlib.sha256(drawn.convert("RGB").tobytes()).hexdigest(),
        )
        return self._signed(picture, facts, layers)

    def _cornered(self, image: "Image.Image", *, has_corner: bool) -> "Image.Image":
        if self._options.region is Region.CN:
            return with_corner(image, WORDS_CN)
        return with_corner(image, WORDS) if has_corner else image

    def _marked(self, image: "Image.Image", mark_id: VerifyId) -> tuple["Image.Image", MarkFacts]:
        """Write the id into the colours; what is transparent stays so."""
        if self._marker is None:
            return image, MarkFacts(state=MarkState.OFF)
        import numpy as np
        from PIL import Image

        embedded = self._marker.embed(np.asarray(image.convert("RGB")), mark_id)
        if embedded.facts.state not in MARKED:
            return image, embedded.facts
        marked = Image.fromarray(embedded.pixels)
        if image.mode == "RGBA":
            marked.putalpha(image.getchannel("A"))
        return marked, embedded.facts

    def _kept(self, encoded: bytes, mark: MarkFacts) -> MarkFacts:
        """Tell whether a copy's pixels still give the original's id."""
        if self._marker is None or mark.state is not MarkState.MARKED:
            return mark
        import numpy as np

        from core.provenance.mark.base import Effort

        found = self._marker.detect(np.asarray(encoding.decode(encoded)), Effort.QUICK)
        if found is not None and found.mark_id == mark.mark_id:
            return mark
        return mark.model_copy(update={"state": MarkState.WEAK})

    def _words(self, facts: StampFacts) -> Words:
        is_cn = self._options.region is Region.CN
        aigc = aigc_of(facts, self._options.producer) if is_cn else ""
        return Words(packet_of(facts, aigc), aigc)

    def _signed(self, stamped: Stamped, facts: StampFacts, layers: Layers) -> Stamped:
        """Sign what is finished: from here on the bytes are those that leave."""
        manifest = manifest_of(
            facts, stamped.mark, stamped.kind, forbids_mining=self._options.forbids_mining
        )
        signed = layers.apply(
            Layer.C2PA,
            lambda: native.sign(
                stamped.data, stamped.media_type, manifest, self._keys, self._clock_authority
            ),
            lambda: Signed(stamped.data),
        )
        return replace(
            stamped,
            data=signed.data,
            sha256=hashlib.sha256(signed.data).hexdigest(),
            time_state=signed.time_state,
            downgrades=layers.missed,
        )


def _no_mark() -> MarkFacts:
    return MarkFacts(state=MarkState.FAILED)


def _looks(image: "Image.Image | None") -> _Looks:
    """Take the fingerprints and the thumbnail of what people see; none where that is unknown."""
    if image is None:
        return None, None
    from core.provenance.looks import looks_of

    return looks_of(image), encoding.thumbnail_of(image)


def _grid_of(tiles: Sequence["Image.Image"]) -> "Image.Image":
    """Lay pictures two by two, each on a ground of the first one's size."""
    from PIL import Image

    width, height = tiles[0].size
    rows = (len(tiles) + 1) // 2
    grid = Image.new("RGB", (2 * width, rows * height))
    for number, tile in enumerate(tiles):
        fitting = tile.convert("RGB")
        if fitting.size != (width, height):
            fitting.thumbnail((width, height), Image.Resampling.LANCZOS)
        grid.paste(fitting, (number % 2 * width, number // 2 * height))
    return grid
