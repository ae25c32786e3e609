"""List the things that the model is taught, the shipped ones first.

A concept is a picture of the font and the words that call it. The first list is what the shipped
model learns: things that look unlike each other at 56 pixels, since two that look alike cost more
than either brings. The second list is for a longer training run.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainedConcept:
    """One thing, the words that call it and the character that draws it."""

    name: str
    aliases: tuple[str, ...]
    emoji: str
    plural: str

    @property
    def words(self) -> tuple[str, ...]:
        """Every word for one of it, the name first."""
        return (self.name, *self.aliases)

    @property
    def is_mass(self) -> bool:
        """Whether its name takes no article: it is a plural or no single thing."""
        return self.plural == self.name


_ENDINGS = {"s": "ses", "x": "xes", "ch": "ches", "sh": "shes", "y": "ies"}
_VOWELS = frozenset("aeiou")


def plural_of(word: str) -> str:
    """Form the regular plural of an English noun."""
    if " of " in word:
        head, rest = word.split(" of ", 1)
        return f"{plural_of(head)} of {rest}"
    if word.endswith("y") and word[-2] in _VOWELS:
        return f"{word}s"
    for ending, plural in _ENDINGS.items():
        if word.endswith(ending):
            return word.removesuffix(ending) + plural
    return f"{word}s"


def _concept(emoji: str, name: str, *aliases: str, plural: str | None = None) -> TrainedConcept:
    return TrainedConcept(name, aliases, emoji, plural_of(name) if plural is None else plural)


CONCEPTS: tuple[TrainedConcept, ...] = (
    _concept("🍎", "apple", "red apple"),
    _concept("🍌", "banana"),
    _concept("🍓", "strawberry"),
    _concept("🍉", "watermelon", "slice of watermelon"),
    _concept("🍋", "lemon"),
    _concept("🍍", "pineapple"),
    _concept("🍇", "grapes", "grape", plural="grapes"),
    _concept("🍒", "cherries", "cherry", plural="cherries"),
    _concept("🥑", "avocado"),
    _concept("🥕", "carrot"),
    _concept("🌽", "corn", "ear of corn", plural="corn"),
    _concept("🍆", "eggplant", "aubergine"),
    _concept("🥦", "broccoli", plural="broccoli"),
    _concept("🍄", "mushroom", "toadstool"),
    _concept("🍔", "hamburger", "burger"),
    _concept("🍕", "pizza", "slice of pizza"),
    _concept("🍟", "fries", "french fries", plural="fries"),
    _concept("🌭", "hot dog"),
    _concept("🥐", "croissant"),
    _concept("🧀", "cheese", plural="cheese"),
    _concept("🍩", "donut", "doughnut"),
    _concept("🍪", "cookie", "biscuit"),
    _concept("🎂", "cake", "birthday cake"),
    _concept("🍦", "ice cream", "ice cream cone"),
    _concept("🍭", "lollipop"),
    _concept("🍿", "popcorn", plural="popcorn"),
    _concept("☕", "coffee", "cup of coffee"),
    _concept("🐶", "dog", "puppy", "dog face"),
    _concept("🐱", "cat", "kitten", "cat face"),
    _concept("🐰", "rabbit", "bunny"),
    _concept("🦊", "fox"),
    _concept("🐼", "panda", "panda bear"),
    _concept("🐨", "koala", "koala bear"),
    _concept("🐯", "tiger"),
    _concept("🦁", "lion"),
    _concept("🐮", "cow"),
    _concept("🐷", "pig", "piglet"),
    _concept("🐸", "frog"),
    _concept("🐵", "monkey"),
    _concept("🐧", "penguin"),
    _concept("🦆", "duck"),
    _concept("🦉", "owl"),
    _concept("🦩", "flamingo"),
    _concept("🦄", "unicorn"),
    _concept("🦓", "zebra"),
    _concept("🐘", "elephant"),
    _concept("🐢", "turtle", "tortoise"),
    _concept("🦖", "dinosaur", "t-rex"),
    _concept("🐳", "whale"),
    _concept("🐠", "fish", "tropical fish", plural="fish"),
    _concept("🐙", "octopus"),
    _concept("🦀", "crab"),
    _concept("🐌", "snail"),
    _concept("🦋", "butterfly"),
    _concept("🐝", "bee", "honeybee"),
    _concept("🐞", "ladybug", "ladybird"),
    _concept("🌹", "rose"),
    _concept("🌻", "sunflower"),
    _concept("🌳", "tree"),
    _concept("🌲", "pine tree", "evergreen tree"),
    _concept("🌴", "palm tree", "palm"),
    _concept("🌵", "cactus"),
    _concept("🍀", "clover", "four leaf clover"),
    _concept("🍁", "maple leaf", plural="maple leaves"),
    _concept("☀", "sun"),
    _concept("🌙", "moon", "crescent moon"),
    _concept("⭐", "star", "yellow star"),
    _concept("🪐", "planet", "saturn"),
    _concept("☁", "cloud"),
    _concept("🌈", "rainbow"),
    _concept("☔", "umbrella"),
    _concept("❄", "snowflake"),
    _concept("⛄", "snowman", plural="snowmen"),
    _concept("🔥", "fire", "flame"),
    _concept("🏠", "house", "home"),
    _concept("🏰", "castle"),
    _concept("⛺", "tent"),
    _concept("🚗", "car", "red car"),
    _concept("🚌", "bus"),
    _concept("🚂", "train", "steam train", "locomotive"),
    _concept("✈", "airplane", "plane"),
    _concept("🚀", "rocket", "spaceship"),
    _concept("🛸", "ufo", "flying saucer"),
    _concept("⛵", "sailboat", "boat"),
    _concept("⚽", "soccer ball", "football"),
    _concept("🏀", "basketball"),
    _concept("🏆", "trophy"),
    _concept("🎸", "guitar"),
    _concept("🎈", "balloon", "red balloon"),
    _concept("🎁", "gift", "present"),
    _concept("🧸", "teddy bear", "teddy"),
    _concept("🎃", "pumpkin", "jack-o-lantern"),
    _concept("🎲", "dice", plural="dice"),
    _concept("🎯", "target", "bullseye"),
    _concept("👑", "crown"),
    _concept("💎", "gem", "gem stone"),
    _concept("💡", "light bulb"),
    _concept("📺", "television", "tv"),
    _concept("⏰", "clock", "alarm clock"),
    _concept("💣", "bomb"),
    _concept("🧲", "magnet"),
    _concept("📕", "book", "red book"),
    _concept("🔔", "bell"),
    _concept("🤖", "robot"),
    _concept("👽", "alien"),
    _concept("👻", "ghost"),
    _concept("💀", "skull"),
    _concept("❤", "heart", "red heart"),
    _concept("😀", "smiley", "smiley face", "happy face"),
)
"""What the shipped model is taught, in the order in which it lists them."""

FURTHER_CONCEPTS: tuple[TrainedConcept, ...] = (
    _concept("🍏", "green apple"),
    _concept("🍊", "orange fruit", "tangerine"),
    _concept("🍑", "peach"),
    _concept("🍐", "pear"),
    _concept("🍅", "tomato", plural="tomatoes"),
    _concept("🌮", "taco"),
    _concept("🍣", "sushi", plural="sushi"),
    _concept("🍞", "bread", "loaf of bread", plural="bread"),
    _concept("🥚", "egg"),
    _concept("🍳", "fried egg"),
    _concept("🧁", "cupcake"),
    _concept("🍬", "candy", "sweet"),
    _concept("🫖", "teapot"),
    _concept("🍷", "wine", "glass of wine", plural="wine"),
    _concept("🍺", "beer", "mug of beer", plural="beer"),
    _concept("🐕", "standing dog"),
    _concept("🐈", "standing cat"),
    _concept("🐭", "mouse", "mouse face", plural="mice"),
    _concept("🐻", "bear"),
    _concept("🐔", "chicken", "hen"),
    _concept("🐦", "bird"),
    _concept("🦅", "eagle"),
    _concept("🦜", "parrot"),
    _concept("🐴", "horse face"),
    _concept("🐎", "horse"),
    _concept("🦒", "giraffe"),
    _concept("🦘", "kangaroo"),
    _concept("🦔", "hedgehog"),
    _concept("🐍", "snake"),
    _concept("🐉", "dragon"),
    _concept("🐊", "crocodile"),
    _concept("🐋", "blue whale"),
    _concept("🐬", "dolphin"),
    _concept("🐟", "herring"),
    _concept("🦈", "shark"),
    _concept("🦞", "lobster"),
    _concept("🐛", "caterpillar", "bug"),
    _concept("🕷", "spider"),
    _concept("🌷", "tulip"),
    _concept("🌸", "cherry blossom"),
    _concept("💐", "bouquet", "bouquet of flowers"),
    _concept("🎄", "christmas tree"),
    _concept("🌞", "sun face"),
    _concept("🌕", "full moon"),
    _concept("🌍", "earth", "globe"),
    _concept("💧", "water drop", "drop"),
    _concept("🌊", "wave", "ocean wave"),
    _concept("🌋", "volcano", plural="volcanoes"),
    _concept("🏔", "mountain"),
    _concept("🗽", "statue of liberty", plural="statues of liberty"),
    _concept("🚕", "taxi"),
    _concept("🚓", "police car"),
    _concept("🚑", "ambulance"),
    _concept("🚒", "fire truck", "fire engine"),
    _concept("🚚", "truck"),
    _concept("🚜", "tractor"),
    _concept("🏎", "racing car", "race car"),
    _concept("🏍", "motorcycle", "motorbike"),
    _concept("🚲", "bicycle", "bike"),
    _concept("🚁", "helicopter"),
    _concept("🚢", "ship"),
    _concept("⚓", "anchor"),
    _concept("🎾", "tennis ball"),
    _concept("🏈", "american football"),
    _concept("🥁", "drum"),
    _concept("🎺", "trumpet"),
    _concept("🎻", "violin"),
    _concept("🎉", "party popper", "confetti"),
    _concept("🪁", "kite"),
    _concept("🎩", "top hat"),
    _concept("💍", "diamond ring"),
    _concept("👓", "glasses", plural="glasses"),
    _concept("🕶", "sunglasses", plural="sunglasses"),
    _concept("👗", "dress"),
    _concept("👠", "high heel", "shoe"),
    _concept("👟", "sneaker"),
    _concept("🎒", "backpack"),
    _concept("🕯", "candle"),
    _concept("📷", "camera"),
    _concept("💻", "laptop", "computer"),
    _concept("📱", "phone", "mobile phone"),
    _concept("⌚", "watch"),
    _concept("🔑", "key"),
    _concept("🔒", "lock", "padlock"),
    _concept("🔨", "hammer"),
    _concept("🗡", "sword"),
    _concept("⚔", "crossed swords", plural="crossed swords"),
    _concept("✂", "scissors", plural="scissors"),
    _concept("✏", "pencil"),
    _concept("📚", "stack of books", plural="stacks of books"),
    _concept("✉", "envelope", "letter"),
    _concept("💰", "money bag"),
    _concept("🔭", "telescope"),
    _concept("🔬", "microscope"),
    _concept("🪑", "chair"),
    _concept("🚪", "door"),
    _concept("🛏", "bed"),
    _concept("🤡", "clown"),
    _concept("💩", "poop"),
    _concept("💔", "broken heart"),
    _concept("😎", "cool face", "face with sunglasses"),
    _concept("😍", "heart eyes face", "face in love"),
    _concept("😢", "crying face", "sad face"),
    _concept("😠", "angry face"),
    _concept("👍", "thumbs up", plural="thumbs up"),
    _concept("🎅", "santa", "santa claus"),
    _concept("👸", "princess"),
    _concept("🧙", "wizard", "mage"),
    _concept("🥷", "ninja"),
)
"""What a longer run is taught besides: some of these look like a shipped one."""

_HARD = (
    "flamingo, rabbit, snowflake, sun, trophy, ufo, lollipop, octopus, elephant, planet, zebra, "
    "duck"
)
_LESS_HARD = (
    "cloud, ghost, robot, koala, coffee, ice cream, dinosaur, palm tree, bee, butterfly, whale, "
    "airplane, sailboat, turtle, teddy bear, owl, cow, cake, clover, grapes, crown, gem, umbrella"
)

HARDER: dict[str, float] = {
    **dict.fromkeys(_LESS_HARD.split(", "), 2),
    **dict.fromkeys(_HARD.split(", "), 3),
}
"""How often to show what the shipped weights drew worst when they were half trained, in the last
third of the scenes; what is not named is shown once."""

_BEFORE = (
    "apple, banana, strawberry, lemon, watermelon, mushroom, carrot, hamburger, pizza, donut, "
    "ice cream, cake, coffee, dog, cat, rabbit, fox, panda, lion, pig, frog, penguin, owl, "
    "duck, elephant, turtle, fish, octopus, whale, butterfly, bee, ladybug, rose, sunflower, "
    "tree, palm tree, cactus, sun, moon, star, planet, cloud, rainbow, umbrella, snowman, "
    "fire, house, castle, car, bus, train, airplane, rocket, ufo, sailboat, soccer ball, "
    "basketball, guitar, balloon, gift, pumpkin, crown, light bulb, clock, robot, alien, "
    "ghost, skull, smiley, heart"
)

TAUGHT_BEFORE = frozenset(_BEFORE.split(", "))
"""What the earlier model of 64 pixels, whose weights ours began with, was taught in every pair."""
