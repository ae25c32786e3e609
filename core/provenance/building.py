"""Build what labels a process's files from its settings, the same in every process that does."""

from core.provenance.authority_time import load_time_authority
from core.provenance.keys import load_signing_keys
from core.provenance.mark.marker import load_marker
from core.provenance.options import LabelOptions
from core.provenance.stamp import Stamper
from core.settings import CoreSettings


def stamper_of(settings: CoreSettings) -> Stamper:
    """Build the stamper that the settings ask for; keys are made where there are none yet.

    Raises:
        UserError: the keys cannot be used, or a setting names what there is not.
    """
    keys_dir = settings.resolved_keys_dir
    return Stamper(
        load_signing_keys(settings),
        load_marker(keys_dir, backend=settings.mark_backend, weights=settings.mark_weights),
        LabelOptions.of(settings),
        load_time_authority(settings),
    )
