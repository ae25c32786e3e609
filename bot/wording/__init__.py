"""Say everything that a person reads from Easel: plainly, briefly, without blame.

Each function makes one finished `Reply`; the sentences for error codes are in `mistakes` (what a
person can do differently) and `outages` (what an operator can).
"""

from bot.wording.audit import chain_report
from bot.wording.cards import help_card, policy_card
from bot.wording.console import console_note
from bot.wording.decisions import (
    appeal_expired,
    appealed,
    approved,
    pictures_approved,
    pictures_expired,
    pictures_rejected,
    rejected,
    report_kept,
    report_taken_down,
)
from bot.wording.details import details
from bot.wording.endings import (
    all_cancelled,
    cancelled,
    expired,
    failed,
    held,
    output_held,
    reported,
    taken_down,
    withheld,
)
from bot.wording.errors import error
from bot.wording.forms import appeal_form, region_form, text_form
from bot.wording.holds import hold_line
from bot.wording.keepsakes import settings_card, styles_card, words_refused
from bot.wording.label_checks import (
    label_checked,
    label_never_checked,
    label_past,
    platform_title,
    sample_alt_text,
    sample_left,
    sample_words,
)
from bot.wording.labels import NO_REGISTRY, all_examined, examined, facts_of, finding_of, region_of
from bot.wording.layers import label_facts
from bot.wording.lineage import lineage_card, tree_lines, tree_node
from bot.wording.lists import favourite_marked, favourites_card, history_card
from bot.wording.mydata import WORDS as MYDATA_WORDS
from bot.wording.mydata import (
    mydata_card,
    mydata_erased,
    mydata_link,
    mydata_question,
    mydata_question_in_words,
)
from bot.wording.pictures import file_name
from bot.wording.policies import (
    in_shadow,
    policy_activated,
    policy_checked,
    policy_explained,
    policy_exported,
    policy_fault,
    policy_faulty,
    policy_heard,
    policy_history,
    policy_list,
    policy_lists,
    policy_proposed,
    policy_replayed,
    policy_shadowed,
    policy_tried,
)
from bot.wording.prices import draft_declined, gpu_seconds, price_asked
from bot.wording.privacy import privacy_card
from bot.wording.progress import accepted, place_line, progress_line
from bot.wording.records import Insight, about, record_facts, record_lines, recorded
from bot.wording.refusals import refusal
from bot.wording.results import result
from bot.wording.retuning import retuning
from bot.wording.review_cards import (
    privately as review_card_privately,
)
from bot.wording.review_cards import (
    review_card,
    review_form,
    review_labelled,
    review_none,
    review_queue,
    review_revealed,
)
from bot.wording.sanctions import (
    own_standing,
    pardon_asked,
    pardoned,
    sanction_news,
    sanctioned,
    standing_of,
)
from bot.wording.takedowns import takedown_done, takedown_goes_on, takedown_question
from bot.wording.teaching import label_kept, label_line, picture_denied
from bot.wording.transparency import transparency_card, transparency_facts

__all__ = [
    "MYDATA_WORDS",
    "NO_REGISTRY",
    "Insight",
    "about",
    "accepted",
    "all_cancelled",
    "all_examined",
    "appeal_expired",
    "appeal_form",
    "appealed",
    "approved",
    "cancelled",
    "chain_report",
    "console_note",
    "details",
    "draft_declined",
    "error",
    "examined",
    "expired",
    "facts_of",
    "failed",
    "favourite_marked",
    "favourites_card",
    "file_name",
    "finding_of",
    "gpu_seconds",
    "held",
    "help_card",
    "history_card",
    "hold_line",
    "in_shadow",
    "label_checked",
    "label_facts",
    "label_kept",
    "label_line",
    "label_never_checked",
    "label_past",
    "lineage_card",
    "mydata_card",
    "mydata_erased",
    "mydata_link",
    "mydata_question",
    "mydata_question_in_words",
    "output_held",
    "own_standing",
    "pardon_asked",
    "pardoned",
    "picture_denied",
    "pictures_approved",
    "pictures_expired",
    "pictures_rejected",
    "place_line",
    "platform_title",
    "policy_activated",
    "policy_card",
    "policy_checked",
    "policy_explained",
    "policy_exported",
    "policy_fault",
    "policy_faulty",
    "policy_heard",
    "policy_history",
    "policy_list",
    "policy_lists",
    "policy_proposed",
    "policy_replayed",
    "policy_shadowed",
    "policy_tried",
    "price_asked",
    "privacy_card",
    "progress_line",
    "record_facts",
    "record_lines",
    "recorded",
    "refusal",
    "region_form",
    "region_of",
    "rejected",
    "report_kept",
    "report_taken_down",
    "reported",
    "result",
    "retuning",
    "review_card",
    "review_card_privately",
    "review_form",
    "review_labelled",
    "review_none",
    "review_queue",
    "review_revealed",
    "sample_alt_text",
    "sample_left",
    "sample_words",
    "sanction_news",
    "sanctioned",
    "settings_card",
    "standing_of",
    "styles_card",
    "takedown_done",
    "takedown_goes_on",
    "takedown_question",
    "taken_down",
    "text_form",
    "transparency_card",
    "transparency_facts",
    "tree_lines",
    "tree_node",
    "withheld",
    "words_refused",
]
