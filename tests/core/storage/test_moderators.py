"""Hold moderators' own settings of both databases to: gentle until somebody says otherwise."""

from core.contracts.reviews import ModeratorSettings


def test_who_never_set_anything_is_spared(store):
    """Pictures stay blurred, nothing sounds, and reading writes nothing."""
    with store.reading() as unit:
        assert unit.moderators.settings("local", "web:mo") == ModeratorSettings(
            always_blur=True, sound=False, is_paused=False
        )


def test_settings_are_one_moderator_s_own_and_may_change_again(store):
    loud = ModeratorSettings(always_blur=False, sound=True, is_paused=True)

    for settings in (loud, ModeratorSettings()):
        with store.unit() as unit:
            unit.moderators.set_settings("local", "web:mo", settings)
        with store.reading() as unit:
            assert unit.moderators.settings("local", "web:mo") == settings
            assert unit.moderators.settings("local", "web:eve") == ModeratorSettings()
            assert unit.moderators.settings("elsewhere", "web:mo") == ModeratorSettings()
