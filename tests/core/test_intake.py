"""What anybody uploads comes out as pixels of our own, or is refused with the reason."""

import io
import random
import struct
import threading
import tracemalloc
import zlib

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from core import intake
from core.contracts.personal import UploadKind
from core.errors import UserError
from core.intake import MAX_SIDE, clean

PICTURE, MASK = UploadKind.PICTURE, UploadKind.MASK
CAP = 10_000_000


def scene(size=(96, 64), mode="RGB"):
    """Red above, blue below, a white mark at the top left: enough to tell which way is up."""
    image = Image.new("RGB", size, "blue")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, size[0], size[1] // 2), "red")
    pen.rectangle((0, 0, size[0] // 8, size[1] // 8), "white")
    return image.convert(mode)


def encoded(image, kind="PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(made) -> Image.Image:
    return Image.open(io.BytesIO(made.data))


def refusal(data, kind=PICTURE, cap=CAP):
    with pytest.raises(UserError) as caught:
        clean(data, kind, max_bytes=cap)
    return caught.value


def near(pixel, colour):
    return all(abs(have - want) < 40 for have, want in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_kind_becomes_a_png_of_the_same_pixels(kind):
    made = clean(encoded(scene(), kind), PICTURE, max_bytes=CAP)

    image = opened(made)
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (96, 64))
    assert (made.width, made.height) == image.size
    assert near(image.getpixel((50, 10)), (255, 0, 0))
    assert near(image.getpixel((50, 60)), (0, 0, 255))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param("L", (76, 76, 76), id="grey"),
        pytest.param("P", (255, 0, 0), id="palette"),
        pytest.param("RGBA", (255, 0, 0), id="with alpha"),
        pytest.param("1", (76, 76, 76), id="one bit"),
        pytest.param("LA", (76, 76, 76), id="grey with alpha"),
    ],
)
def test_every_mode_becomes_colour(mode, expected):
    image = opened(clean(encoded(scene(mode=mode)), PICTURE, max_bytes=CAP))

    assert image.mode == "RGB"
    if mode != "1":
        assert near(image.getpixel((50, 10)), expected)


def test_sixteen_bits_of_grey_are_scaled_and_not_cut():
    """Pillow's own conversion makes everything above 255 white."""
    deep = Image.frombytes("I;16", (32, 32), struct.pack("<H", 0x8000) * 32 * 32)

    image = opened(clean(encoded(deep), PICTURE, max_bytes=CAP))

    assert image.getpixel((9, 9)) == (128, 128, 128)


def test_a_cmyk_jpeg_becomes_colour():
    image = opened(clean(encoded(scene(mode="CMYK"), "JPEG"), PICTURE, max_bytes=CAP))

    assert near(image.getpixel((50, 10)), (255, 0, 0))


def test_what_is_see_through_lies_on_white_and_is_black_in_a_mask():
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    ImageDraw.Draw(clear).rectangle((0, 0, 15, 31), (255, 255, 255, 255))
    ImageDraw.Draw(clear).rectangle((0, 0, 15, 9), (255, 0, 0, 255))

    picture = opened(clean(encoded(clear), PICTURE, max_bytes=CAP))
    mask = opened(clean(encoded(clear), MASK, max_bytes=CAP))

    assert picture.getpixel((30, 5)) == (255, 255, 255)
    assert mask.mode == "L"
    assert (mask.getpixel((5, 20)), mask.getpixel((30, 5))) == (255, 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photo_stands_upright_and_says_nothing_of_its_maker(kind):
    """Orientation 6: lying on its side, and the camera says so; the place goes with the rest."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRETCAM"
    exif.get_ifd(0x8825)[1] = "N"
    lying = scene().transpose(Image.Transpose.ROTATE_90)
    options = {"exif": exif.tobytes(), "quality": 95}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", "SECRETCAM")
        options = {"exif": exif.tobytes(), "pnginfo": text}
    data = encoded(lying, kind, **options) + b"SECRETCAM behind the end"

    made = clean(data, PICTURE, max_bytes=CAP)

    image = opened(made)
    image.load()
    assert image.size == (96, 64)
    assert near(image.getpixel((3, 3)), (255, 255, 255))
    assert near(image.getpixel((50, 60)), (0, 0, 255))
    assert b"SECRETCAM" in data
    assert b"SECRETCAM" not in made.data
    assert not image.getexif()
    assert not image.info
    assert [made.data[at + 4 : at + 8] for at in chunks(made.data)] == [
        b"IHDR",
        *[b"IDAT"] * (len(list(chunks(made.data))) - 2),
        b"IEND",
    ]


def chunks(png):
    at = 8
    while at < len(png):
        yield at
        at += 12 + struct.unpack(">I", png[at : at + 4])[0]


def test_a_large_picture_is_made_smaller_in_its_own_shape():
    made = clean(encoded(scene((4000, 1000)), "JPEG"), PICTURE, max_bytes=CAP)

    assert (made.width, made.height) == (MAX_SIDE, 256)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"", "upload_empty", id="nothing"),
        pytest.param(b"GIF89a" + bytes(100), "upload_type_unknown", id="another type"),
        pytest.param(encoded(scene(), "GIF"), "upload_type_unknown", id="a whole GIF"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "upload_type_unknown", id="svg"),
        pytest.param(b"%PDF-1.4", "upload_type_unknown", id="document"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "upload_unreadable", id="a head alone"),
        pytest.param(encoded(scene())[:-40], "upload_unreadable", id="cut off"),
        pytest.param(encoded(scene(), "JPEG")[:300], "upload_unreadable", id="cut off in its head"),
        pytest.param(encoded(scene((8, 400))), "upload_too_small", id="a thread"),
        pytest.param(encoded(scene((3000, 20))), "upload_too_small", id="a thread once it fits"),
    ],
)
def test_what_is_no_picture_is_refused(data, code):
    assert refusal(data).code == code


def test_a_file_over_the_cap_is_not_looked_at(monkeypatch):
    monkeypatch.setattr(intake, "inspect", None)

    error = refusal(bytes(2_000_001), cap=2_000_000)

    assert (error.code, error.facts) == (
        "upload_too_large",
        {"value": "2.0 MB", "allowed": "2.0 MB"},
    )


def bomb(width, height) -> bytes:
    """A few kilobytes that say, truly, that they unfold to very many pixels."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_before_it_unfolds():
    """400 million pixels in 50 KB: told by its head, in no time and no memory."""
    data = bomb(20_000, 20_000)
    assert len(data) < 100_000

    tracemalloc.start()
    error = refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert error.code == "upload_too_many_pixels"
    assert error.facts["value"] == "20000 x 20000"
    assert peak < 1_000_000


def test_a_second_head_with_more_pixels_is_not_believed():
    """Pillow goes by the last one it meets, our own walk by the first."""
    small, large = encoded(scene()), bomb(20_000, 20_000)
    two_heads = small[:33] + large[8:]

    assert refusal(two_heads).code == "upload_unreadable"


def test_text_that_unfolds_to_gigabytes_is_not_unfolded():
    text = PngImagePlugin.PngInfo()
    text.add_text("a", "x" * 8_000_000, zip=True)

    assert refusal(encoded(scene(), pnginfo=text)).code == "upload_unreadable"


def test_broken_files_of_every_kind_are_refused_or_read_and_never_more():
    """The fuzz: bytes changed at random, whatever Pillow's decoders make of them."""
    chance = random.Random(7)
    originals = [encoded(scene(), kind) for kind in ("PNG", "JPEG", "WEBP")]
    codes = set()
    for _ in range(400):
        data = bytearray(chance.choice(originals))
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            made = clean(bytes(data), PICTURE, max_bytes=CAP)
        except UserError as error:
            codes.add(error.code)
        else:
            assert opened(made).format == "PNG"

    assert "upload_unreadable" in codes
    assert codes <= {
        "upload_unreadable",
        "upload_type_unknown",
        "upload_too_many_pixels",
        "upload_too_small",
    }


def painted(box, size=(64, 64), ground=0, paint=255):
    mask = Image.new("L", size, ground)
    ImageDraw.Draw(mask).rectangle(box, paint)
    return mask


def test_a_mask_is_black_and_white_at_half():
    greys = Image.linear_gradient("L")

    mask = opened(clean(encoded(greys), MASK, max_bytes=CAP))

    assert mask.getcolors() == [(128 * 256, 0), (128 * 256, 255)]


@pytest.mark.parametrize(
    ("mask", "code"),
    [
        pytest.param(Image.new("L", (64, 64), 0), "mask_empty", id="black"),
        pytest.param(Image.new("L", (64, 64), 100), "mask_empty", id="dark"),
        pytest.param(Image.new("RGBA", (64, 64), (255, 255, 255, 0)), "mask_empty", id="clear"),
        pytest.param(Image.new("L", (64, 64), 255), "mask_full", id="white"),
    ],
)
def test_a_mask_that_chooses_nothing_or_everything_is_refused(mask, code):
    assert refusal(encoded(mask), MASK).code == code


def test_one_picture_is_decoded_at_a_time(monkeypatch):
    """So that many uploads at once take no more memory than one."""
    meeting, met = threading.Barrier(2), []

    def decoding(*_args):
        try:
            meeting.wait(timeout=0.2)
        except threading.BrokenBarrierError:
            met.append(False)
        else:
            met.append(True)
        return scene()

    monkeypatch.setattr(intake, "_decoded", decoding)
    data = encoded(scene())
    threads = [
        threading.Thread(target=clean, args=(data, PICTURE), kwargs={"max_bytes": CAP})
        for _ in range(2)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert met == [False, False]
