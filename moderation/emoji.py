"""Say in words what emoji show, so that a rule for words sees them too.

Plain meanings only. What a few of them stand for among friends ("🍆") is context, and stands in
the policy's lists as patterns.
"""

MEANINGS = {
    "👧": "girl", "👦": "boy", "🧒": "child", "👶": "baby", "🚼": "baby", "🚸": "children",
    "👩": "woman", "👨": "man", "🧑": "person", "👸": "princess", "🍼": "baby bottle",
    "🔫": "pistol", "🔪": "knife", "🗡": "dagger", "💣": "bomb", "🧨": "dynamite", "💥": "explosion",
    "🩸": "blood", "🧠": "brain", "💀": "skull", "☠": "skull", "⚰": "coffin", "🪦": "grave",
    "💉": "syringe", "💊": "pills", "🚬": "cigarette", "🍺": "beer", "🌿": "weed",
    "👙": "bikini", "🩲": "briefs", "🩱": "swimsuit", "👗": "dress", "💋": "kiss", "🛏": "bed",
    "🔞": "adults only", "🖕": "middle finger", "💩": "poop", "🤮": "vomiting", "🐵": "monkey",
    "🐒": "monkey", "🐷": "pig", "🐀": "rat", "🪳": "cockroach", "🔥": "fire", "🚓": "police car",
    "👮": "police officer", "⛓": "chains", "🪢": "rope", "🏫": "school", "🕌": "mosque",
    "⛪": "church", "🕍": "synagogue", "✡": "star of david", "卐": "swastika", "卍": "swastika",
    "🪚": "saw", "🪓": "axe",
}  # fmt: skip
"""What each of them shows. A manji reads as a swastika, which a temple in the text excuses."""
