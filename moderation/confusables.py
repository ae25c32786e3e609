"""List the letters that look like Latin ones, as data.

A small part of Unicode's confusables table (UTS 39): the Cyrillic, Greek, Armenian, Cherokee,
phonetic and letter-like characters that a reader takes for a Latin letter. Full-width,
mathematical and circled letters are not here: compatibility normalisation (NFKC) folds them.
Keys are lower case, because text is in lower case when they are looked up.
"""

import unicodedata

# ruff: noqa: RUF001 - look-alike letters are the content of this file.

_LOOK_ALIKES = {
    "a": "аɑαᴀ⍺ꭺ",
    "b": "ьƅʙᏼβвɓ",
    "c": "сϲᴄꮯⅽ",
    "d": "ԁɗᴅđꮷ",
    "e": "еҽєεᴇəɛꭼ℮",
    "f": "ғϝꜰƒꞙ",
    "g": "ɡցɢǥ",
    "h": "һհʜħнꮋ",
    "i": "іıɩιɪꭵӏ",
    "j": "јϳᴊʝ",
    "k": "кκᴋĸꮶ",
    "l": "ӏʟłⅼլꮮ",
    "m": "мᴍꮇ",
    "n": "пոηɴռŋи",
    "o": "оοσօᴏøօ૦",
    "p": "рρᴘþꮲ",
    "q": "ԛգʠ",
    "r": "гʀɾꭱꮢᴦ",
    "s": "ѕꜱʂꮪ",
    "t": "тτᴛŧꭲ",
    "u": "υսᴜʋцμ",
    "v": "ѵνᴠꮩ",
    "w": "ԝшωᴡꮃѡ",
    "x": "хχ×ҳ",
    "y": "уүγʏყ",
    "z": "ᴢʐƶꮓ",
}


def _table() -> dict[str, str]:
    table = {look: latin for latin, looks in _LOOK_ALIKES.items() for look in looks}
    # Squared and negative letters (🄰 🅐 🅰) and regional indicators (🇦), which NFKC leaves alone.
    for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6):
        table |= {chr(first + at): chr(ord("a") + at) for at in range(26)}
    return table


CONFUSABLES = _table()
"""Every look-alike and the Latin letter that it is taken for."""

FOREIGN = {
    look: latin
    for look, latin in CONFUSABLES.items()
    if not unicodedata.name(look).startswith("LATIN SMALL LETTER")
}
"""Those that no language spells beside plain Latin letters: "Krøyer" and "Zdzisław" are names."""
