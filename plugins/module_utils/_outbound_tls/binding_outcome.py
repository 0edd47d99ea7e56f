# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a binding promises, and whether it came true for every certificate of the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .._exchange.certificate import Certificate
from .._exchange.cmdlets import enable_exchange_certificate
from .._exchange.failures import warns_of_replaced_default
from .._exchange.services import Service, Services, service_words, services_text
from .._powershell import Result, foresee_no_prompt
from .binding_state import BindingState
from .plan import Difference, Mishap, Outcome, Plan, Unsettled, typed, words_of

Holdings = Mapping[str, Services]
"""The services of every certificate, by its thumbprint."""

_NO_SERVICES: Final[Services] = frozenset()
_ONE_HOLDER: Final = frozenset({Service.POP, Service.IMAP, Service.IIS})
"""A web site and a service's name have one holder, so whoever gets these takes them from the former holder."""


@dataclass(frozen=True)
class Bound:
    """What is true once ``sent`` has been enabled for a certificate; ``prompt`` tells whether Exchange asked."""

    sent: Services
    holdings: Holdings
    default_certificate: str | None
    prompt: bool


def binding_outcome(
    state: BindingState, certificate: Certificate, bound: Bound, lines: Sequence[str], warnings: Sequence[str]
) -> Outcome:
    """Return a task's result, from the state before it: the promise and what came of it are told by the same words."""
    before, after = certificate.services or _NO_SERVICES, bound.holdings[certificate.thumbprint]
    default_before = state.default_certificate
    replaced = bound.default_certificate != default_before
    result = {
        "server": state.server,
        "thumbprint": certificate.thumbprint,
        "services": service_words(after),
        "services_before": service_words(before),
        "added": service_words(after - before),
        "default_certificate": bound.default_certificate,
        "default_certificate_before": default_before,
        "prompt": _question(default_before, certificate.thumbprint, replaced) if bound.prompt else None,
        "commands": list(lines),
    }
    diff = (_difference(state, certificate, bound),) if lines else ()
    return Outcome(bool(lines), result, diff, tuple(warnings))


@dataclass(frozen=True)
class BindingPlan(Plan[BindingState]):
    """A binding on its way: ``before`` is the state that it was made from, ``promise`` what will be true."""

    before: BindingState
    certificate: Certificate
    promise: Bound

    def settled_by(self, state: BindingState, results: Sequence[Result] = (), mishap: Mishap | None = None) -> Outcome:
        """Return what came of it, when that is what was promised.

        A former holder may have kept what only one can have, and a certificate may show more services than before:
        Exchange derives services, so that is told in the outcome. Everything else that differs fails.
        """
        problem = self._problem(state, results, mishap)
        if problem is not None:
            sentence, remedy = problem
            raise Unsettled(sentence, before=_managed(self.before), now=_managed(state), remedy=remedy, mishap=mishap)
        forgiven = () if mishap is None else (f"{mishap.sentence} The certificate has its services all the same.",)
        return binding_outcome(
            self.before,
            self.certificate,
            Bound(
                self.promise.sent,
                {thumbprint: services or _NO_SERVICES for thumbprint, services in state.holdings.items()},
                state.default_certificate,
                prompt=_was_asked(self.certificate.thumbprint, results),
            ),
            typed(self.commands),
            (*self.outcome.warnings, *words_of(results), *forgiven),
        )

    def unseen(self, mishap: Mishap) -> Unsettled:
        """Return the failure for when nobody could look afterwards."""
        look = f"Get-ExchangeCertificate -Server '{self.before.server}' -Thumbprint {self.certificate.thumbprint}"
        return Unsettled(mishap.sentence, before=_managed(self.before), now=None, remedy=[look], mishap=mishap)

    def _problem(
        self, state: BindingState, results: Sequence[Result], mishap: Mishap | None
    ) -> tuple[str, Sequence[str]] | None:
        """Return what is wrong, the worst first, and the lines that put it right."""
        thumbprint = self.certificate.thumbprint
        lost = self._lost(state)
        replaced = self._default_was_replaced(state, results)
        restoring = self._restoring(state, lost, replaced)
        if mishap is not None and mishap.asked:
            return mishap.sentence, restoring
        if lost:
            loser, services = next(iter(lost.items()))
            return (
                f"{state.server}: certificate {loser} has lost {services_text(services)} while {thumbprint} was "
                f"enabled. Nothing else is changed unasked; the lines under remedy restore it.",
                restoring,
            )
        if replaced:
            return (
                f"{state.server}: the default SMTP certificate was to stay {self.before.default_certificate} and is "
                f"{state.default_certificate or 'unknown'} now. Run the line under remedy and answer Yes when it asks.",
                restoring,
            )
        unknown = next((each for each, services in state.holdings.items() if services is None), None)
        if unknown is not None:
            return (
                f"{state.server}: {thumbprint} was enabled, and the services of {unknown} are unknown now, so nobody "
                f"can tell whether it lost one. Look at them in the Exchange Management Shell.",
                (),
            )
        missing = self.promise.holdings[thumbprint] - (state.holdings.get(thumbprint) or _NO_SERVICES)
        if missing or state.default_certificate != self.promise.default_certificate:
            what = services_text(missing) if missing else "its place as the default SMTP certificate"
            sentence = f"{state.server}: Exchange reported no error, but certificate {thumbprint} still lacks {what}. "
            advice = "Look at the access rights of its private key, then run again."
            return (sentence + advice if mishap is None else mishap.sentence), typed(self.commands)
        return None

    def _lost(self, state: BindingState) -> dict[str, Services]:
        """Return who lost what, except what the wish itself takes from a former holder."""
        found = {}
        for thumbprint, services in self.before.holdings.items():
            now = state.holdings.get(thumbprint, _NO_SERVICES)
            is_other = thumbprint != self.certificate.thumbprint
            implied = self.promise.sent & _ONE_HOLDER if is_other else _NO_SERVICES
            if now is not None and (lost := (services or _NO_SERVICES) - now - implied):
                found[thumbprint] = lost
        return found

    def _default_was_replaced(self, state: BindingState, results: Sequence[Result]) -> bool:
        if self.promise.default_certificate != self.before.default_certificate:
            return False  # it was to be replaced
        # An Edge says it itself, in a warning, also when its directory still shows the former one.
        said = warns_of_replaced_default(words_of(results))
        return said or state.default_certificate != self.before.default_certificate

    def _restoring(self, state: BindingState, lost: Mapping[str, Services], replaced: bool) -> list[str]:
        """Return the exact lines that give back what was lost. They are for people: nothing is sent unasked.

        Where the enabled certificate itself has lost what was not named, the line names what is left of it as well.
        """
        enabled = {self.certificate.thumbprint: state.holdings.get(self.certificate.thumbprint) or _NO_SERVICES}
        lines = [self._enabling(loser, services | enabled.get(loser, _NO_SERVICES)) for loser, services in lost.items()]
        if replaced and self.before.default_certificate is not None:
            lines.append(self._enabling(self.before.default_certificate, frozenset({Service.SMTP})))
        return lines

    def _enabling(self, thumbprint: str, services: Services) -> str:
        return str(enable_exchange_certificate(self.before.server, thumbprint, services, policy=foresee_no_prompt))


def _question(default: str | None, thumbprint: str, replaced: bool) -> dict[str, Any]:
    """Tell Exchange's question and our answer, in one form: its own words hold dates and depend on the language."""
    return {
        "message": f"Overwrite the existing default SMTP certificate? Current certificate: '{default}'. "
        f"Replace it with certificate: '{thumbprint}'.",
        "answer": "Yes" if replaced else "No",
    }


def _was_asked(thumbprint: str, results: Sequence[Result]) -> bool:
    return any(thumbprint in answered.prompt.message.upper() for result in results for answered in result.answered)


def _difference(state: BindingState, certificate: Certificate, bound: Bound) -> Difference:
    touched = [
        thumbprint
        for thumbprint, services in state.holdings.items()
        if thumbprint == certificate.thumbprint or services != bound.holdings.get(thumbprint)
    ]
    before = {thumbprint: service_words(state.holdings[thumbprint] or _NO_SERVICES) for thumbprint in touched}
    after = {thumbprint: service_words(bound.holdings.get(thumbprint, _NO_SERVICES)) for thumbprint in touched}
    return Difference(
        what=state.server,
        before={"services": before, "default_certificate": state.default_certificate},
        after={"services": after, "default_certificate": bound.default_certificate},
    )


def _managed(state: BindingState) -> dict[str, Any]:
    """Return what a failure shows of a state; services that are unknown are None."""
    services = {
        thumbprint: None if services is None else service_words(services)
        for thumbprint, services in state.holdings.items()
    }
    return {"server": state.server, "default_certificate": state.default_certificate, "services": services}
