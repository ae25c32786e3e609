"""Write IPTC's AI properties as an XMP packet, and read such a packet from anybody."""

import re
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from xml.parsers import expat

from core.contracts.provenance import StampFacts

PNG_KEYWORD = "XML:com.adobe.xmp"

_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_AIGC = "http://www.tc260.org.cn/ns/AIGC/1.0/"
"""The namespace of China's GB 45438, as its guide for pictures (TC260-PG-20258A) has it."""
_REMOTE_MANIFEST = "http://purl.org/dc/terms/ provenance"
_SOURCE_TYPE = f"{_IPTC} DigitalSourceType"
_AI_SYSTEM = f"{_IPTC} AISystemUsed"
_WANTED = frozenset({_SOURCE_TYPE, _AI_SYSTEM, _REMOTE_MANIFEST})
"""As expat names them: namespace, a blank, local name."""
_TOOLKIT = "Easel"
MAX_PACKET_BYTES = 1_000_000
"""A packet of ours has 1 KB; editors' histories reach some hundred KB."""
_MAX_VALUE_CHARS = 200
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{toolkit}">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{iptc}"{more}>
{properties}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, slots=True)
class XMPFacts:
    """What a packet says about how its picture was made; anybody can write it."""

    digital_source_type: str | None = None
    ai_system: str | None = None
    names_remote_manifest: bool = False
    """It says that a C2PA manifest lies on a server."""


class XMPUnreadable(ValueError):
    """Say that a packet is too large, not XML, or tries to define entities."""


def packet_of(facts: StampFacts, aigc: str = "") -> str:
    """Say in IPTC's words that AI made the picture; the prompt only with a recipe.

    Args:
        facts: What the label says.
        aigc: The implicit label that China asks for; empty: none is written.
    """
    properties = {
        "Iptc4xmpExt:DigitalSourceType": facts.source_type.value,
        "Iptc4xmpExt:AISystemUsed": f"{_TOOLKIT} ({facts.model})",
        "Iptc4xmpExt:AISystemVersionUsed": version("easel"),
    }
    if facts.recipe is not None:
        properties["Iptc4xmpExt:AIPromptInformation"] = facts.recipe.prompt
    if aigc:
        properties["TC260:AIGC"] = aigc
    lines = "\n".join(f"   <{name}>{_text(value)}</{name}>" for name, value in properties.items())
    more = f' xmlns:TC260="{_AIGC}"' if aigc else ""
    return _PACKET.format(toolkit=_TOOLKIT, iptc=_IPTC, more=more, properties=lines)


def parse_packet(packet: bytes) -> XMPFacts:
    """Read what matters from a stranger's packet, as element or as attribute.

    Raises:
        XMPUnreadable: see there.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise XMPUnreadable
    collector = _Collector()
    try:
        collector.parse(packet.strip(b"\0"))
    except (expat.ExpatError, ValueError) as error:
        raise XMPUnreadable from error
    return XMPFacts(
        digital_source_type=collector.values.get(_SOURCE_TYPE),
        ai_system=collector.values.get(_AI_SYSTEM),
        names_remote_manifest=_REMOTE_MANIFEST in collector.values,
    )


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("", value), quote=False)


class _Collector:
    """Collect the wanted properties while expat walks; the first of each name counts."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._name: str | None = None
        self._text = ""

    def parse(self, packet: bytes) -> None:
        # UTF-8 is all that these three formats allow; a declared encoding would be looked up
        # among Python's codecs, of which some fail in ways of their own.
        parser = expat.ParserCreate("utf-8", " ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(packet, True)

    def _refuse(self, *_: object) -> None:
        # Entities, internal or external, can only be defined in a DOCTYPE; XMP has none.
        raise XMPUnreadable

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        for attribute, value in attributes.items():
            self._keep(attribute, value)
        self._name, self._text = name, ""

    def _characters(self, text: str) -> None:
        if self._name is not None and len(self._text) <= _MAX_VALUE_CHARS:
            self._text += text

    def _end(self, name: str) -> None:
        if name == self._name:
            self._keep(name, self._text)
        self._name = None

    def _keep(self, name: str, value: str) -> None:
        if name in _WANTED and value.strip():
            self.values.setdefault(name, value.strip()[:_MAX_VALUE_CHARS])
