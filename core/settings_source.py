"""Say where every settings class reads its values from."""

from pydantic_settings import SettingsConfigDict


def settings_from(prefix: str) -> SettingsConfigDict:
    """Read variables that begin with a prefix, from the environment or a `.env` file."""
    return SettingsConfigDict(
        env_prefix=prefix,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # `EASEL_KEYS_DIR=` means the default, not the working folder.
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )
