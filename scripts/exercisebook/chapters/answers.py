"""What a check of an exercise says to an answer that is none.

Which answer is right is each chapter's own.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

UNANSWERED = "Put your answer in the place of the three dots."
ODD = "That is no answer of the kind that is asked for; look at the question again."

P = ParamSpec("P")


def tolerant(check: Callable[P, str]) -> Callable[P, str]:
    """Return a check that answers whatever it is given with a sentence.

    Three dots (``...``) are what an edition for students holds in place of an answer.
    """

    @wraps(check)
    def told(*given: P.args, **named: P.kwargs) -> str:
        if any(answer is ... for answer in (*given, *named.values())):
            return UNANSWERED
        try:
            return check(*given, **named)
        except (TypeError, ValueError):
            return ODD

    return told
