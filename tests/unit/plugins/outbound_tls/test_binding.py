# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Binding: what is refused, what is sent, what is promised, and what happens when the world does something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import (
    Certificate,
    CertificateStatus,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding import BindingWish, plan_binding
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.binding_state import Absence, BindingState
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.plan import Mishap, Refused, Unsettled
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    AnsweredPrompt,
    Choice,
    Pipeline,
    Prompt,
    Result,
)
from hypothesis import given
from hypothesis import strategies as st

YES_NO = (Choice("&Yes"), Choice("Yes to &All"), Choice("&No"), Choice("No to A&ll"))
SERVICES = st.frozensets(st.sampled_from([Service.SMTP, Service.POP, Service.IMAP, Service.IIS]))


@pytest.fixture
def state(make) -> BindingState:
    """The KB's server: the third-party certificate has IIS and POP, the default is that of setup."""
    wanted = make.certificate(1, Service.IIS, Service.POP)
    return state_of(make, wanted, make.setup_certificate())


def state_of(make, wanted, *others, **changes) -> BindingState:
    listed = (*others, wanted) if isinstance(wanted, Certificate) else others
    state = BindingState(make.fqdn, False, tuple(listed), wanted, make.thumbprint(0xD0))
    return replace(state, **changes)


def exchange_does(commands: Sequence[Pipeline], state: BindingState) -> tuple[BindingState, list[Result]]:
    """What Enable-ExchangeCertificate does to a server, told by itself: services are derived, and one name or site has
    one holder. The question about the default comes after the binding."""
    certificates = {each.thumbprint: each for each in (*state.certificates, state.wanted)}
    default, results = state.default_certificate, []
    for (command,) in (pipeline.commands for pipeline in commands):
        assert command.name == "Enable-ExchangeCertificate"
        parameters, thumbprint = command.parameters, command.parameters["Thumbprint"]
        asked = [Service[word] for word in str(parameters["Services"]).split(", ")]
        policy = next(pipeline.policy for pipeline in commands if pipeline.commands == (command,))
        answered = []
        for service in asked:
            if service is Service.IIS:
                for other, certificate in certificates.items():
                    kept = certificate.services - (set() if certificate.self_signed else {Service.IIS})
                    certificates[other] = replace(certificate, services=frozenset(kept))
                if "DoNotRequireSsl" not in parameters:
                    prompt = Prompt("PromptForChoice", "Confirm", "Enforce SSL on the root web site?", YES_NO, 0)
                    answered.append(AnsweredPrompt(prompt, policy(prompt)))
                    assert answered[-1].choice == 0, "IIS is not bound unless the answer is Yes"
            if service in (Service.POP, Service.IMAP):
                name = certificates[thumbprint].domains[0]
                for other, certificate in certificates.items():
                    held = {service} if name in certificate.domains else set()
                    certificates[other] = replace(certificate, services=(certificate.services - {service}) | held)
            gained = {service} | ({Service.SMTP} if service is not Service.IIS else set())
            certificate = certificates[thumbprint]
            certificates[thumbprint] = replace(certificate, services=certificate.services | gained)
        if Service.SMTP in asked and default != thumbprint:
            if default is None:
                default = thumbprint  # without a question
            else:
                message = f"Overwrite it?\r\nCurrent certificate: '{default}'\r\nReplace with: '{thumbprint}'"
                prompt = Prompt("PromptForChoice", "Confirm", message, YES_NO, 0)
                answered.append(AnsweredPrompt(prompt, policy(prompt)))
                default = {0: thumbprint, 2: default}[answered[-1].choice]
        results.append(Result(answered=tuple(answered)))
    listed = tuple(certificates[each.thumbprint] for each in state.certificates)
    wanted = certificates[state.thumbprint]
    return replace(state, certificates=listed, wanted=wanted, default_certificate=default), results


@pytest.mark.fact("cmdlets 0.2", "cmdlets 0.3")
def test_sends_smtp_alone_and_answers_no(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)

    (command,) = (pipeline.commands[0] for pipeline in plan.commands)
    assert dict(command.parameters) == {
        "Server": make.fqdn,
        "Thumbprint": make.thumbprint(1),
        "Services": "SMTP",
    }
    assert plan.outcome.changed
    assert plan.outcome.result == {
        "server": make.fqdn,
        "thumbprint": make.thumbprint(1),
        "services": ["POP", "IIS", "SMTP"],
        "services_before": ["POP", "IIS"],
        "added": ["SMTP"],
        "default_certificate": make.thumbprint(0xD0),
        "default_certificate_before": make.thumbprint(0xD0),
        "prompt": {
            "message": "Overwrite the existing default SMTP certificate? Current certificate: "
            f"'{make.thumbprint(0xD0)}'. Replace it with certificate: '{make.thumbprint(1)}'.",
            "answer": "No",
        },
        "commands": [
            f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {make.thumbprint(1)} -Services SMTP"
        ],
    }
    (difference,) = plan.outcome.diff
    assert difference.before["services"] == {make.thumbprint(1): ["POP", "IIS"]}
    assert difference.after["services"] == {make.thumbprint(1): ["POP", "IIS", "SMTP"]}


def test_is_content_with_a_certificate_that_has_everything(make):
    state = state_of(make, make.certificate(1, Service.SMTP, Service.IIS), default_certificate=None)

    plan = plan_binding(BindingWish(make.thumbprint(1)), state)

    assert plan.is_empty
    assert not plan.outcome.changed
    assert plan.outcome.diff == ()
    assert plan.outcome.result["services"] == ["IIS", "SMTP"]
    assert plan.outcome.result["added"] == plan.outcome.result["commands"] == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (CertificateStatus.DATE_INVALID, "expired"),
        (CertificateStatus.REVOKED, "revoked"),
        (CertificateStatus.UNTRUSTED, "does not trust"),
        (CertificateStatus.INVALID, "invalid"),
        (CertificateStatus.PENDING_REQUEST, "request"),
    ],
)
def test_refuses_a_certificate_that_is_no_good(make, status, words):
    state = state_of(make, make.certificate(1, status=status), make.setup_certificate())

    with pytest.raises(Refused, match=words) as refused:
        plan_binding(BindingWish(make.thumbprint(1)), state)
    assert str(refused.value).startswith(f"mbx01.contoso.test: certificate {make.thumbprint(1)} is {status.value}")
    assert len(str(refused.value)) <= 300


@pytest.mark.fact("cmdlets 10.9")
@pytest.mark.parametrize("status", [CertificateStatus.REVOCATION_CHECK_FAILURE, CertificateStatus.UNKNOWN])
def test_binds_with_a_warning_what_may_be_good(make, status):
    state = state_of(make, make.certificate(1, status=status), make.setup_certificate())

    plan = plan_binding(BindingWish(make.thumbprint(1)), state)

    assert plan.outcome.changed
    assert [status.value in warning for warning in plan.outcome.warnings] == [True]


def refusal(wish, state) -> str:
    with pytest.raises(Refused) as refused:
        plan_binding(wish, state)
    assert len(str(refused.value)) <= 300
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("key", "words"), [(False, "has no private key."), (None, "may have no private key: unknown.")]
)
def test_refuses_a_certificate_without_a_known_key(make, key, words):
    told = refusal(BindingWish(make.thumbprint(1)), state_of(make, make.certificate(1, has_private_key=key)))
    assert words in told
    assert "PFX" in told


def test_refuses_what_the_store_does_not_have(make):
    told = refusal(BindingWish(make.thumbprint(1)), state_of(make, Absence(make.thumbprint(1), installed=False)))
    assert f"there is no certificate {make.thumbprint(1)}" in told


def test_names_the_reason_why_exchange_cannot_use_it(make):
    absence = Absence(make.thumbprint(1), installed=True, reason="PrivateKeyMissing")
    told = refusal(BindingWish(make.thumbprint(1)), state_of(make, absence))
    assert "PrivateKeyMissing" in told
    assert "KB 4495258" in told


def test_never_touches_the_auth_certificate(make):
    auth = make.certificate(1, Service.SMTP, subject="CN=Microsoft Exchange Server Auth Certificate")
    assert "Auth certificate" in refusal(BindingWish(make.thumbprint(1)), state_of(make, auth))


def test_never_touches_a_federation_certificate(make):
    federation = make.certificate(1, Service.FEDERATION)
    assert "federation" in refusal(BindingWish(make.thumbprint(1)), state_of(make, federation))


@pytest.mark.fact("cmdlets 0.5")
def test_refuses_when_the_default_is_unknown(make, state):
    told = refusal(BindingWish(make.thumbprint(1)), replace(state, default_certificate=None))
    assert "default SMTP certificate is unknown" in told
    assert "replace_default: true" in told


def test_replaces_an_unknown_default_when_that_is_wished(make, state):
    state = replace(state, default_certificate=None)
    plan = plan_binding(BindingWish(make.thumbprint(1), replace_default=True), state)
    after, results = exchange_does(plan.commands, state)
    assert plan.settled_by(after, results).result["default_certificate"] == make.thumbprint(1)


@pytest.mark.fact("wire 2.8")
@pytest.mark.parametrize("services", [[], ["POP"], ["IIS"], ["IMAP", "SMTP"]])
def test_refuses_unknown_services(make, state, services):
    wish = BindingWish.from_options({"thumbprint": make.thumbprint(1), "services": services or ["SMTP"]})
    unknown = replace(state.wanted, services=None)
    assert "unknown" in refusal(wish, state_of(make, unknown, make.setup_certificate()))


def test_refuses_when_nobody_could_see_whether_another_one_loses(make, state):
    other = make.certificate(7, services=None)
    told = refusal(BindingWish(make.thumbprint(1)), state_of(make, state.wanted, make.setup_certificate(), other))
    assert make.thumbprint(7) in told


def test_a_pending_request_hides_nothing(make, state):
    request = make.certificate(7, services=None, status=CertificateStatus.PENDING_REQUEST)
    state = state_of(make, state.wanted, make.setup_certificate(), request)
    assert plan_binding(BindingWish(make.thumbprint(1)), state).outcome.changed


@pytest.mark.fact("cmdlets 0.3")
@pytest.mark.parametrize("domains", [(), ("*.contoso.com", "mail.contoso.com")])
def test_refuses_pop_for_a_certificate_that_cannot_name_it(make, domains):
    wanted = make.certificate(1, domains=domains)
    wish = BindingWish(make.thumbprint(1), frozenset({Service.POP}))
    assert "Set-PopSettings" in refusal(wish, state_of(make, wanted, make.setup_certificate()))


def test_smtp_needs_no_host_name(make):
    wanted = make.certificate(1, domains=("*.contoso.com",))
    plan = plan_binding(BindingWish(make.thumbprint(1)), state_of(make, wanted, make.setup_certificate()))
    assert plan.outcome.result["added"] == ["SMTP"]


def test_pop_belongs_to_whoever_has_the_first_name_of_the_one_that_is_enabled(make):
    wanted = make.certificate(1, domains=("mail.contoso.com", "pop.contoso.com"))
    holder = make.certificate(2, Service.POP, domains=("a.test", "Mail.contoso.com"))
    former = make.certificate(3, Service.POP, domains=("pop.contoso.com",))
    state = state_of(make, wanted, holder, former, make.setup_certificate())

    promise = plan_binding(BindingWish(make.thumbprint(1), frozenset({Service.POP})), state).promise

    assert promise.holdings[holder.thumbprint] == {Service.POP}
    assert promise.holdings[former.thumbprint] == frozenset()


def test_no_question_is_foreseen_where_exchange_has_none_to_ask(make, state):
    ours = make.thumbprint(1)
    about_itself = Prompt("PromptForChoice", "Confirm", f"'{ours}' by '{ours}'?", YES_NO, 0)
    for default in (None, ours):
        wish = BindingWish(ours, frozenset({Service.SMTP, Service.IMAP}), replace_default=default is None)
        (pipeline,) = plan_binding(wish, replace(state, default_certificate=default)).commands
        assert pipeline.policy(about_itself) is None


def test_the_former_holders_of_a_site_and_a_name_lose_it(make):
    former = make.certificate(2, Service.IIS, Service.POP, Service.SMTP, domains=("old.contoso.com",))
    wanted = make.certificate(1)
    state = state_of(make, wanted, former, make.setup_certificate())

    plan = plan_binding(BindingWish(make.thumbprint(1), frozenset({Service.IIS, Service.POP})), state)

    (difference,) = plan.outcome.diff
    assert difference.after["services"][make.thumbprint(2)] == ["SMTP"]
    assert difference.after["services"][make.thumbprint(1)] == ["POP", "IIS", "SMTP"]
    assert make.thumbprint(0xD0) not in difference.after["services"], "the back end's site keeps its binding"


def test_iis_goes_in_a_call_of_its_own_when_ssl_is_required(make, state):
    wish = BindingWish(make.thumbprint(1), frozenset({Service.IIS, Service.SMTP}), require_ssl=True)
    state = state_of(make, make.certificate(1), make.setup_certificate())
    plan = plan_binding(wish, state)
    assert [command.commands[0].parameters["Services"] for command in plan.commands] == ["SMTP", "IIS"]
    assert all("DoNotRequireSsl" not in command.commands[0].parameters for command in plan.commands)
    after, results = exchange_does(plan.commands, state)
    assert plan.settled_by(after, results) == plan.outcome


def test_iis_does_not_require_ssl_unless_asked(make):
    wish = BindingWish(make.thumbprint(1), frozenset({Service.IIS}))
    plan = plan_binding(wish, state_of(make, make.certificate(1), make.setup_certificate()))
    assert [str(command) for command in plan.commands] == [
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {make.thumbprint(1)} -Services IIS "
        f"-DoNotRequireSsl"
    ]


def test_replacing_the_default_needs_smtp(make):
    with pytest.raises(Refused, match="replace_default"):
        BindingWish.from_options({"thumbprint": make.thumbprint(1), "services": ["IIS"], "replace_default": True})


def test_a_thumbprint_may_be_written_as_windows_shows_it(make):
    shown = "\u200e00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 0a"
    assert BindingWish.from_options({"thumbprint": shown}).thumbprint == make.thumbprint(10)
    with pytest.raises(Refused, match="40 hexadecimal digits"):
        BindingWish.from_options({"thumbprint": "abc"})


@pytest.mark.fact("protocol-log 7.10")
@pytest.mark.parametrize(
    ("subscribed", "words"), [(True, "it is a subscribed Edge"), (None, "whether this Edge is subscribed is unknown")]
)
def test_the_default_certificate_of_an_edge_that_is_or_may_be_subscribed_is_never_replaced(
    make, state, subscribed, words
):
    edge = replace(state, is_edge=True, subscribed=subscribed)
    with pytest.raises(Refused, match=f"{words}, and EdgeSync trusts its default SMTP certificate"):
        plan_binding(BindingWish(make.thumbprint(1), replace_default=True), edge)
    assert plan_binding(BindingWish(make.thumbprint(1)), edge).outcome.changed


def test_an_edge_that_stands_alone_may_get_another_default_certificate(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1), replace_default=True), replace(state, is_edge=True))
    assert plan.outcome.result["default_certificate"] == make.thumbprint(1)
    assert plan.outcome.result["prompt"]["answer"] == "Yes"


# What comes after.


def bound(state: BindingState, **changes) -> BindingState:
    wanted = replace(state.wanted, services=state.wanted.services | {Service.SMTP})
    listed = tuple(wanted if each.thumbprint == wanted.thumbprint else each for each in state.certificates)
    return replace(state, wanted=wanted, certificates=listed, **changes)


def unsettled(plan, *found, **more) -> Unsettled:
    with pytest.raises(Unsettled) as failure:
        plan.settled_by(*found, **more)
    assert len(str(failure.value)) <= 300
    return failure.value


@pytest.mark.fact("protocol-log 7.5")
def test_an_unforeseen_loss_fails_with_both_states_and_the_line_that_restores_it(make, state):
    victim = make.certificate(5, Service.SMTP, Service.IMAP)
    state = state_of(make, state.wanted, make.setup_certificate(), victim)
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    after = bound(state)
    robbed = tuple(
        replace(each, services=frozenset({Service.SMTP})) if each.thumbprint == victim.thumbprint else each
        for each in after.certificates
    )

    failure = unsettled(plan, replace(after, certificates=robbed))

    assert f"certificate {victim.thumbprint} has lost IMAP" in str(failure)
    assert failure.before["services"][victim.thumbprint] == ["IMAP", "SMTP"]
    assert failure.now["services"][victim.thumbprint] == ["SMTP"]
    assert failure.remedy == (
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {victim.thumbprint} -Services IMAP",
    )


def test_the_line_that_restores_the_enabled_certificate_names_all_its_services(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    after = bound(state)
    smtp_alone = replace(after.wanted, services=frozenset({Service.SMTP}))

    failure = unsettled(plan, replace(after, wanted=smtp_alone))

    assert "has lost POP, IIS while" in str(failure)
    assert failure.remedy == (
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {make.thumbprint(1)} -Services "
        "'POP, IIS, SMTP'",
    )


@pytest.mark.fact("cmdlets 10.3")
def test_a_replaced_default_fails_loudly(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)

    failure = unsettled(plan, bound(state, default_certificate=make.thumbprint(1)))

    assert "was to stay" in str(failure)
    assert failure.remedy == (
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {make.thumbprint(0xD0)} -Services SMTP",
    )
    assert "unknown now" in str(unsettled(plan, bound(state, default_certificate=None)))


def test_an_edges_own_warning_is_an_alarm(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    warning = "If this Edge Transport server is subscribed ... by using the New-EdgeSubscription cmdlet in the Shell"
    unsettled(plan, bound(state), [Result(warnings=(warning,))])


def test_services_that_became_unknown_fail(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    after = bound(state)
    blind = tuple(replace(each, services=None) if each.self_signed else each for each in after.certificates)
    assert "unknown now" in str(unsettled(plan, replace(after, certificates=blind)))


def test_an_effect_that_is_missing_fails(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    failure = unsettled(plan, state)
    assert "still lacks SMTP" in str(failure)
    assert failure.reason == "unsettled"


def test_a_lost_session_is_forgiven_when_exchange_has_acted(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    mishap = Mishap("mbx01: the session was lost.", "session_lost")

    outcome = plan.settled_by(bound(state), (), mishap)

    assert outcome.changed
    assert outcome.result["added"] == ["SMTP"]
    assert outcome.result["prompt"] is None, "nobody saw whether it was asked"
    assert "the session was lost" in outcome.warnings[0]


def test_a_failed_cmdlet_speaks_for_itself(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    failure = unsettled(plan, state, (), Mishap('mbx01: Enable-ExchangeCertificate failed: "no".', "cmdlet_failed"))
    assert str(failure) == 'mbx01: Enable-ExchangeCertificate failed: "no".'
    assert failure.reason == "cmdlet_failed"
    assert failure.now == failure.before


def test_an_unforeseen_prompt_fails_though_smtp_is_there(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    failure = unsettled(plan, bound(state), (), Mishap("mbx01: it asked.", "unforeseen_prompt", asked=True))
    assert failure.now["services"][make.thumbprint(1)] == ["POP", "IIS", "SMTP"]
    assert failure.now["default_certificate"] == make.thumbprint(0xD0)


def test_when_nobody_could_look_the_state_is_unknown(make, state):
    plan = plan_binding(BindingWish(make.thumbprint(1)), state)
    failure = plan.unseen(Mishap("mbx01: silent.", "silent"))
    assert failure.now is None
    assert failure.reason == "silent"


# For every state and every wish.


@st.composite
def situations(draw, make):
    number = draw(st.integers(1, 4))
    certificates = [
        make.certificate(
            each,
            services=draw(SERVICES),
            self_signed=draw(st.booleans()),
            domains=draw(
                st.sampled_from([("mail.contoso.com",), ("old.contoso.com",), ("a.test", "mail.contoso.com")])
            ),
        )
        for each in range(1, number + 1)
    ]
    default = draw(st.sampled_from([each.thumbprint for each in certificates]))
    state = BindingState(make.fqdn, draw(st.booleans()), tuple(certificates), certificates[0], default)
    services = draw(SERVICES.filter(bool))
    replace_default = Service.SMTP in services and draw(st.booleans())
    return state, BindingWish(make.thumbprint(1), services, replace_default, draw(st.booleans()))


@given(data=st.data())
def test_the_promise_comes_true_when_exchange_does_what_it_says(make, data):
    state, wish = data.draw(situations(make))
    plan = plan_binding(wish, state)
    after, results = exchange_does(plan.commands, state)
    assert plan.is_empty or plan.settled_by(after, results) == plan.outcome
    assert wish.services <= after.wanted.services
    assert wish.replace_default or after.default_certificate == state.default_certificate


@given(data=st.data())
def test_a_second_run_has_nothing_to_do(make, data):
    state, wish = data.draw(situations(make))
    after, _results = exchange_does(plan_binding(wish, state).commands, state)
    assert plan_binding(wish, after).is_empty


@given(data=st.data())
def test_no_plan_sends_force_or_what_is_there_already(make, data):
    state, wish = data.draw(situations(make))
    for pipeline in plan_binding(wish, state).commands:
        (command,) = pipeline.commands
        assert pipeline.changes
        assert set(command.parameters) <= {"Server", "Thumbprint", "Services", "DoNotRequireSsl"}
        sent = {Service[word] for word in command.parameters["Services"].split(", ")}
        assert not sent & state.wanted.services or (
            wish.replace_default and sent & state.wanted.services == {Service.SMTP}
        )


@given(data=st.data())
def test_nobody_loses_what_the_wish_does_not_imply(make, data):
    state, wish = data.draw(situations(make))
    plan = plan_binding(wish, state)
    for thumbprint, services in state.holdings.items():
        lost = services - plan.promise.holdings[thumbprint]
        assert lost <= plan.promise.sent & {Service.POP, Service.IMAP, Service.IIS}
        assert not lost or thumbprint != wish.thumbprint


@given(data=st.data())
def test_any_other_loss_fails(make, data):
    state, wish = data.draw(situations(make))
    plan = plan_binding(wish, state)
    after, results = exchange_does(plan.commands, state)
    others = [each for each in after.certificates[1:] if Service.SMTP in each.services]
    if plan.is_empty or not others:
        return
    victim = data.draw(st.sampled_from(others))
    robbed = tuple(
        replace(each, services=each.services - {Service.SMTP}) if each == victim else each
        for each in after.certificates
    )
    with pytest.raises(Unsettled, match=victim.thumbprint):
        plan.settled_by(replace(after, certificates=robbed), results)
