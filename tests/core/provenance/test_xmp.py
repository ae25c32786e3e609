"""XMP says in IPTC's words that AI made a picture, and a stranger's packet can do no harm."""

import io
from importlib.metadata import version
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from core.contracts.provenance import Recipe
from core.provenance.xmp import XMPFacts, XMPUnreadable, packet_of, parse_packet

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def _packet(description: str) -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}" xmlns:e="{IPTC}" '
        f'xmlns:t="http://purl.org/dc/terms/" xmlns:o="http://example.org/">{description}'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def test_own_packet_reads_back(facts):
    assert parse_packet(packet_of(facts).encode()) == XMPFacts(AI, "Easel (easel-small)")


def test_other_readers_understand_the_packet(stamped):
    """Pillow finds the packet in the file, and any XML reader IPTC's properties in the packet."""
    packet = Image.open(io.BytesIO(stamped.data)).text["XML:com.adobe.xmp"]

    description = ET.fromstring(packet).find(f".//{{{RDF}}}Description")

    assert {element.tag: element.text for element in description} == {
        f"{{{IPTC}}}DigitalSourceType": AI,
        f"{{{IPTC}}}AISystemUsed": "Easel (easel-small)",
        f"{{{IPTC}}}AISystemVersionUsed": version("easel"),
    }


def test_prompt_can_not_break_out_of_the_packet(facts):
    prompt = "</x:xmpmeta> ]]> & \x00\x0b <e:DigitalSourceType>camera</e:DigitalSourceType>"
    recipe = Recipe(prompt=prompt, seed=1, steps=1, guidance_scale=1)

    packet = packet_of(facts.model_copy(update={"recipe": recipe})).encode()

    assert parse_packet(packet).digital_source_type == AI
    assert b"\x00" not in packet


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        pytest.param(
            f"<rdf:Description><e:DigitalSourceType>{AI}</e:DigitalSourceType></rdf:Description>",
            XMPFacts(digital_source_type=AI),
            id="element",
        ),
        pytest.param(
            f'<rdf:Description e:DigitalSourceType="{AI}" e:AISystemUsed=" Other "/>',
            XMPFacts(digital_source_type=AI, ai_system="Other"),
            id="attributes",
        ),
        pytest.param(
            '<rdf:Description t:provenance="https://example.org/m.c2pa"/>',
            XMPFacts(names_remote_manifest=True),
            id="remote-manifest",
        ),
        pytest.param(
            f'<rdf:Description o:DigitalSourceType="{AI}" DigitalSourceType="{AI}"/>',
            XMPFacts(),
            id="another-namespace",
        ),
        pytest.param(
            "<rdf:Description><e:AISystemUsed>one</e:AISystemUsed>"
            "<e:AISystemUsed>two</e:AISystemUsed></rdf:Description>",
            XMPFacts(ai_system="one"),
            id="first-counts",
        ),
        pytest.param(
            f"<rdf:Description><e:AISystemUsed>{'long ' * 9999}</e:AISystemUsed></rdf:Description>",
            XMPFacts(ai_system=("long " * 40)),
            id="cut-to-200",
        ),
    ],
)
def test_strangers_packet_is_read_for_what_matters(description, expected):
    assert parse_packet(_packet(description)) == expected


def test_padding_of_zeros_is_ignored():
    assert parse_packet(_packet("<rdf:Description/>") + bytes(100)) == XMPFacts()


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<x>", id="cut"),
        pytest.param(b"\xff\xfe\x00<", id="bytes"),
        pytest.param('<?xml version="1.0" encoding="utf-16"?><x/>'.encode("utf-16"), id="utf-16"),
        pytest.param(b'<?xml version="1.0" encoding="klingon"?><x>\xff</x>', id="unknown-encoding"),
        pytest.param(
            b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
            id="external-entity",
        ),
        pytest.param(b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>', id="external-dtd"),
        pytest.param(
            b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12))
            + b"]><x>&m;</x>",
            id="billion-laughs",
        ),
        pytest.param(_packet("<rdf:Description/>" * 60_000), id="over-a-megabyte"),
    ],
)
def test_hostile_or_broken_packet_is_refused(packet):
    with pytest.raises(XMPUnreadable):
        parse_packet(packet)
