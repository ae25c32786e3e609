"""Keep everything that must survive a killed process; tables stay private to this package."""

from core.storage.session import Store, Unit

__all__ = ["Store", "Unit"]
