"""Keep products of matrices on the thread that asks for them.

numpy's library spreads a product of 10 ms over all cores and has the others wait for more in a
loop: beside other work a search took five times as long, and every core was busy with waiting.
"""

from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Bound the products within; other threads of the process are bound meanwhile, too."""
    bounded: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return bounded


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
