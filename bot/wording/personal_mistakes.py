"""Word the codes of what goes wrong with what a member keeps, and with lists and reruns of it."""

from bot.wording.mistakes import Words

PERSONAL: dict[str, Words] = {
    "setting_unknown": Words("There is no setting “{value}”", "The settings are {allowed}."),
    "setting_value_missing": Words(
        "{flag} needs a value", "It takes {allowed}. For example: {example}"
    ),
    "setting_value_invalid": Words(
        "{flag} does not take “{value}”", "It takes {allowed}. For example: {example}"
    ),
    "words_too_long": Words(
        "Those are too many words to add",
        "They have {value} characters; {allowed} are possible.",
    ),
    "words_with_flags": Words(
        "Only words can be added to prompts",
        "“{value}” is read as flags. Leave them out, or see /settings for what can be set.",
    ),
    "words_with_notation": Words(
        "Only plain words can be added to prompts",
        "Variants in {{braces}}, weights with :: and backslashes work in the prompt itself.",
    ),
    "style_verb_unknown": Words("There is no /style {value}", "There are {allowed}."),
    "style_name_missing": Words(
        "Which style?", "Add its name: {value} NAME. /style lists the styles there are."
    ),
    "style_name_invalid": Words(
        "No name of a style: “{value}”",
        "A name has up to {allowed} letters from a to z, digits and dashes, such as oil-2; "
        "“none” means no style.",
    ),
    "style_name_taken": Words(
        "The model has a style “{value}”", "Give yours another name, so that both can be used."
    ),
    "style_text_missing": Words(
        "What does the style add?",
        "Write its words after its name: /style save {value} thick oil paint",
    ),
    "too_many_styles": Words(
        "You have {value} styles", "{allowed} are possible; delete one with /style delete NAME."
    ),
    "history_word_unknown": Words(
        "The history has no “{value}”", "It takes {allowed}. For example: /history drawn 2"
    ),
    "page_invalid": Words("There is no page “{value}”", "Pages are numbered from 1 to {allowed}."),
    "nothing_to_mark": Words(
        "Nothing to mark", "That picture is not there, or it was deleted meanwhile."
    ),
    "rerun_id_missing": Words(
        "Which picture?",
        "Add a request's id, or a picture's verify id: /rerun 3k7fq2m9x0ab. “Details” tells both.",
    ),
    "rerun_number_invalid": Words(
        "Which of its pictures?", "“{value}” is no number of a picture: /rerun 3k7fq2m9x0ab 2"
    ),
    "no_rewrite": Words(
        "There is no safe rewrite", "None was found for that request. “What would pass” says more."
    ),
    "privacy_word_unknown": Words("There is no /privacy {value}", "There are {allowed}."),
    "prompt_forgotten": Words(
        "The words of that request are deleted",
        "They are kept for a time only, and it is over. Ask in your own words again.",
    ),
    "nothing_to_rerun": Words(
        "Nothing to draw again", "No picture of that request was ever shown, or not this one."
    ),
}
"""From settings, styles, lists and reruns."""
